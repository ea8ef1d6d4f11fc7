/* What the bits of a run depend on beside its configuration and data, as one line of text. */
#ifndef PAR_ARITHMETIC_H
#define PAR_ARITHMETIC_H

#include "config/config.h"
#include "model/model.h"
#include "mpi/comm.h"

/* exact: version, shards and groups, and nothing of the machine. fast: also ranks, threads, the BLAS kernel
 * and the MPI library. Two runs with the same text, configuration and data have the same digest. Collective;
 * the same text on all ranks. */
void par_arithmetic(struct par par, const struct bl_config *config, char text[BL_ARITHMETIC_MAX]);

/* Appends what the bits of first parameters that LAPACK computed on rank 0 depend on, once. How a run began
 * stays in its text wherever it goes on: on resuming, the text from PAR_ARITHMETIC_START on is kept.
 * Collective. */
#define PAR_ARITHMETIC_START ", started by LAPACK on OpenBLAS "
void par_arithmetic_add_start(struct par par, char text[BL_ARITHMETIC_MAX]);

#endif

/* What the bits of a run depend on beside its configuration and data, as one line of text. */
#ifndef PAR_FIT_ARITHMETIC_H
#define PAR_FIT_ARITHMETIC_H

#include "config/config.h"
#include "model/model.h"
#include "mpi/ranks/nodes.h"

/* exact: version, shards and groups, and nothing of the machine. fast: also ranks and nodes, threads, what
 * travels in flight (`in_flight`, see overlap_text), the BLAS kernel and the MPI library. Two runs with the same text, configuration and data
 * have the same digest. Collective; the same text on all ranks. */
void par_arithmetic(const struct par_nodes *nodes, const struct bl_config *config, const char *in_flight,
                    char text[BL_ARITHMETIC_MAX]);

/* Appends what eigenvectors that rank 0 computed depend on: its OpenBLAS. A run whose first parameters they
 * were keeps this part of its text wherever it goes on: on resuming, what follows PAR_ARITHMETIC_LAPACK is
 * that of the checkpoint. Collective. */
#define PAR_ARITHMETIC_LAPACK ", eigenvectors by LAPACK on OpenBLAS "
void par_arithmetic_add_lapack(struct par par, char text[BL_ARITHMETIC_MAX]);

/* Appends what sums that every rank forms with OpenBLAS depend on: the kernel. Collective. */
void par_arithmetic_add_blas(struct par par, char text[BL_ARITHMETIC_MAX]);

#endif

/* What the bits of a run depend on beside its configuration and data, as one line of text. */
#ifndef PAR_FIT_ARITHMETIC_H
#define PAR_FIT_ARITHMETIC_H

#include "config/config.h"
#include "model/model.h"
#include "mpi/ranks/nodes.h"

/* exact: version, shards and groups, and nothing of the machine. fast: also ranks and nodes, threads, what
 * is exchanged while ranks compute (`in_flight`, see overlap_text), the BLAS kernel and the MPI library.
 * Two runs with the same text, configuration and data have the same digest. Collective; the same text on
 * all ranks. */
void par_arithmetic(const struct par_nodes *nodes, const struct bl_config *config, const char *in_flight,
                    char text[BL_ARITHMETIC_MAX]);

/* Appends rank 0's OpenBLAS kernel, on which eigenvectors depend. A run that started from eigenvectors
 * keeps this part of the text when it resumes elsewhere: what follows PAR_ARITHMETIC_LAPACK is then the
 * checkpoint's. Collective. */
#define PAR_ARITHMETIC_LAPACK ", eigenvectors by LAPACK on OpenBLAS "
void par_arithmetic_add_lapack(struct par par, char text[BL_ARITHMETIC_MAX]);

/* Appends the OpenBLAS kernels of all ranks, on which sums depend that each forms with OpenBLAS.
 * Collective. */
void par_arithmetic_add_blas(struct par par, char text[BL_ARITHMETIC_MAX]);

#endif

/* Class and group numbers as they come become 0, 1, 2, ... in ascending order, the same on every rank. */
#ifndef PAR_ROWS_DENSE_LABELS_H
#define PAR_ROWS_DENSE_LABELS_H

#include "mpi/ranks/comm.h"

/* Replaces labels [n] (classes as int32 bits, BL_UNLABELLED stays) by their place among the different classes
 * of all ranks, and sets *classes to their number. Collective; the outcome is agreed. Errors: BL_MEMORY. */
int par_dense_labels(struct par par, int64_t n, uint32_t *labels, int64_t *classes, struct bl_error *err);

#endif

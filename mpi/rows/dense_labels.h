/* Renumbers classes and groups, which may be any numbers, as 0, 1, 2, ... in ascending order, equally on
 * all ranks. */
#ifndef PAR_ROWS_DENSE_LABELS_H
#define PAR_ROWS_DENSE_LABELS_H

#include "mpi/ranks/comm.h"

/* Replaces each of labels [n] (int32 bits) by its position in the sorted list of all ranks' distinct
 * classes, and sets *classes to the length of that list. BL_UNLABELLED stays. n may differ between ranks.
 * Collective; agreed. Errors: BL_MEMORY. */
int par_dense_labels(struct par par, int64_t n, uint32_t *labels, int64_t *classes, struct bl_error *err);

#endif

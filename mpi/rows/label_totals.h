/* Labels counted over the rows of all ranks. */
#ifndef PAR_ROWS_LABEL_TOTALS_H
#define PAR_ROWS_LABEL_TOTALS_H

#include "data/label_count.h"
#include "mpi/ranks/comm.h"

/* Each rank counts n rows of labels [n, layout.words]; *count is what all of them have, the same on all ranks.
 * `keep` [n] may be NULL: rows with a 0 are left out. Collective; agreed. Travels: each rank's distinct
 * classes. Errors: BL_MEMORY. */
int par_label_totals(struct par par, struct bl_label_layout layout, const uint32_t *labels, int64_t n,
                     const uint8_t *keep, struct bl_label_count *count, struct bl_error *err);

#endif

/* Column statistics of rows that are spread over the ranks. */
#ifndef PAR_FIT_NORMALIZER_H
#define PAR_FIT_NORMALIZER_H

#include <stdint.h>

#include "data/normalize.h"
#include "mpi/rows/rows.h"

/* Sets normalizer (initialised: kind, dim) from the kept rows of all ranks: two passes, means and then
 * squared deviations, sums in double by groups, none for the kinds that need none. *n_constant, which may be
 * NULL: constant columns under standardize. Collective (kind, dim, type equal). Errors, agreed: BL_MEMORY;
 * BL_INPUT no row is kept anywhere; BL_NUMBERS naming a column that isn't finite; those of read. */
int par_normalizer_fit(struct par par, const struct rows *rows, struct bl_normalizer *normalizer,
                       int64_t *n_constant, struct bl_error *err);

#endif

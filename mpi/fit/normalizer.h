/* Column statistics of rows that are spread over the ranks. */
#ifndef PAR_FIT_NORMALIZER_H
#define PAR_FIT_NORMALIZER_H

#include <stdint.h>

#include "data/normalize.h"
#include "data/scales.h"
#include "mpi/rows/rows.h"

/* Takes the statistics of the kept rows of all ranks: two passes, means and extremes and then squared
 * deviations, sums in double by groups. The same on every rank, and on any number of ranks if the groups are.
 * Collective (dim, type equal). Errors, agreed, which leave nothing to free: BL_MEMORY; BL_INPUT no row is
 * kept anywhere; BL_NUMBERS naming a column that isn't finite; those of read. */
int par_spread_fit(struct bl_spread *spread, struct par par, const struct rows *rows, struct bl_error *err);

/* What is worth a word about the columns. */
struct par_normalizer_found {
    int64_t constant; /* columns that become 0 under standardize */
    struct bl_scales scales;
};

/* Sets normalizer (initialised: kind, dim) from the kept rows of all ranks, by par_spread_fit; kinds that
 * need no statistics take none if found is NULL. Collective (kind, dim, type equal; found NULL everywhere or
 * nowhere). Errors, agreed: those of par_spread_fit; BL_INPUT all columns are constant. */
int par_normalizer_fit(struct par par, const struct rows *rows, struct bl_normalizer *normalizer,
                       struct par_normalizer_found *found, struct bl_error *err);

/* Warns of what bl_scales_text says. Local. */
void par_normalizer_warn_local(const struct par_normalizer_found *found, int kind, const char *remedy);

#endif

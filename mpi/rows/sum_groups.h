/* Which groups of rows a step's sums are formed by, and which rank holds which.
 *
 * reduction: exact cuts the shards into train.exact_groups groups of neighbours, whatever the number of
 * ranks; a rank holds whole groups. reduction: fast has one group a rank. Sums over groups are added in the
 * order of groups, so that only the groups decide their bits. */
#ifndef PAR_ROWS_SUM_GROUPS_H
#define PAR_ROWS_SUM_GROUPS_H

#include "config/config.h"
#include "math/product.h"
#include "mpi/ranks/collective.h"

/* The groups of a run on `ranks` ranks. */
int64_t sum_groups_total(const struct bl_config *config, int64_t ranks);

/* BL_USAGE when `rows` of the train split don't fill the shards, that many ranks can't share them, or groups
 * don't divide them. Local. */
int sum_groups_check(const struct bl_config *config, int64_t rows, int64_t ranks, struct bl_error *err);

/* The shards [*lo, *hi) of a rank: whole groups. Local. */
void sum_groups_shards(const struct bl_config *config, int rank, int size, int64_t *lo, int64_t *hi);

struct par_sum_groups {
    int64_t total;                 /* of all ranks */
    struct bl_groups local;        /* this rank's; its ends are owned here */
    int64_t *end;                  /* [local.n] rows of this rank */
    struct par_blocks rank_groups; /* which groups each rank has */
    double *all;                   /* [total, k_max]; owned */
    int64_t k_max;
};

/* Sets up `total` groups, of which this rank has those that bl_share gives it. Its rows come in units
 * (shards): unit u brings unit_rows[u] rows, and each of its groups has the same number of the n_units units.
 * Sums are of up to k_max numbers. Collective; agreed. Errors: BL_MEMORY. par_sum_groups_free is safe twice. */
int par_sum_groups_init(struct par_sum_groups *groups, struct par par, int64_t total,
                        const int64_t *unit_rows, int64_t n_units, int64_t k_max, struct bl_error *err);
void par_sum_groups_free(struct par_sum_groups *groups);

/* sums [k] = the sum over all groups of all ranks of parts [local.n, stride], of which the first k <= k_max
 * columns count; the same bits on every rank. Travels: total * k doubles. Collective. */
void par_sum_groups_sum(struct par_sum_groups *groups, struct par par, const double *parts, int64_t stride,
                        int64_t k, double *sums);

#endif

/* How rows are grouped for sums, and which rank has which groups. (These groups have nothing to do with
 * the groups of similar rows in a data set.)
 *
 * reduction: exact divides the shards into train.exact_groups groups of consecutive shards, whatever the
 * number of ranks, and a rank has whole groups. reduction: fast has one group per rank. Each group is
 * summed by itself, and the groups' sums are added in the order of groups, so the bits of a sum depend on
 * the groups only. */
#ifndef PAR_ROWS_SUM_GROUPS_H
#define PAR_ROWS_SUM_GROUPS_H

#include "config/config.h"
#include "math/product.h"
#include "mpi/ranks/collective.h"

/* The number of groups of a run on `ranks` ranks. Local. */
int64_t sum_groups_total(const struct bl_config *config, int64_t ranks);

/* BL_USAGE if the train split has fewer rows than shards, if there are more ranks than shards or groups,
 * or if the groups don't divide the shards. Local. */
int sum_groups_check(const struct bl_config *config, int64_t rows, int64_t ranks, struct bl_error *err);

/* [*lo, *hi): the shards of a rank, which are whole groups. Local. */
void sum_groups_shards(const struct bl_config *config, int rank, int size, int64_t *lo, int64_t *hi);

/* Owns its arrays; total, rank_groups and k_max are the same on all ranks. */
struct par_sum_groups {
    int64_t total;                 /* groups of all ranks */
    struct bl_groups local;        /* this rank's groups */
    int64_t *end;                  /* [local.n] this rank's rows up to the end of each of its groups */
    struct par_blocks rank_groups; /* which groups each rank has */
    double *all;                   /* [total, k_max] the sums of all groups */
    int64_t k_max;
};

/* Sets up `total` groups, which the ranks share by bl_share. This rank's rows come in n_units units
 * (shards) of unit_rows[u] rows, of which each of its groups has equally many. Sums are of up to k_max
 * numbers. Collective; agreed. Errors: BL_MEMORY. par_sum_groups_free is local and safe twice. */
int par_sum_groups_init(struct par_sum_groups *groups, struct par par, int64_t total,
                        const int64_t *unit_rows, int64_t n_units, int64_t k_max, struct bl_error *err);
void par_sum_groups_free(struct par_sum_groups *groups);

/* sums [k] = the sum over the groups of all ranks of parts [local.n, stride], of which the first k <=
 * k_max columns count; the same bits on every rank. Allgather of total * k doubles. Collective. */
void par_sum_groups_sum(struct par_sum_groups *groups, struct par par, const double *parts, int64_t stride,
                        int64_t k, double *sums);

#endif

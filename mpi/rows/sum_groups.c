#include "mpi/rows/sum_groups.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/share.h"
#include "mpi/ranks/agree.h"

static int is_exact(const struct bl_config *config)
{
    return config->train.reduction == BL_REDUCTION_EXACT;
}

static int64_t exact_groups(const struct bl_config *config)
{
    return config->train.exact_groups > 0 ? config->train.exact_groups : config->data.shards;
}

int64_t sum_groups_total(const struct bl_config *config, int64_t ranks)
{
    return is_exact(config) ? exact_groups(config) : ranks;
}

/* ranks <= groups <= shards <= rows, and groups divides shards: each rank has at least one group, and
 * groups equally many shards. */
int sum_groups_check(const struct bl_config *config, int64_t rows, int64_t ranks, struct bl_error *err)
{
    const int64_t shards = config->data.shards, groups = exact_groups(config);
    if (shards > rows)
        return bl_fail(err, BL_USAGE,
                       "data.shards = %" PRId64 " is more than the %s of the train split; lower data.shards",
                       shards, bl_count(rows, "row").text);
    if (ranks > shards)
        return bl_fail(err, BL_USAGE,
                       "%" PRId64 " ranks are more than data.shards = %" PRId64
                       "; start at most that many ranks or raise data.shards",
                       ranks, shards);
    if (!is_exact(config))
        return BL_OK;
    if (groups > shards || shards % groups != 0)
        return bl_fail(err, BL_USAGE, "train.exact_groups = %" PRId64 " must divide data.shards = %" PRId64,
                       groups, shards);
    if (groups > BL_GROUPS_MAX)
        return bl_fail(err, BL_USAGE,
                       "reduction: exact takes at most %d groups; set train.exact_groups to a divisor of "
                       "data.shards = %" PRId64 " up to that",
                       BL_GROUPS_MAX, shards);
    if (ranks > groups)
        return bl_fail(err, BL_USAGE,
                       "%" PRId64 " ranks are more than train.exact_groups = %" PRId64
                       "; start at most that many ranks, raise train.exact_groups or set train.reduction to "
                       "fast",
                       ranks, groups);
    return BL_OK;
}

void sum_groups_shards(const struct bl_config *config, int rank, int size, int64_t *lo, int64_t *hi)
{
    /* exact: ranks share groups of `unit` shards, never part of one; fast: they share shards. */
    const int64_t shards = config->data.shards;
    const int64_t unit = is_exact(config) ? shards / exact_groups(config) : 1;
    bl_share(shards / unit, rank, size, lo, hi);
    *lo *= unit;
    *hi *= unit;
}

int par_sum_groups_init(struct par_sum_groups *groups, struct par par, int64_t total,
                        const int64_t *unit_rows, int64_t n_units, int64_t k_max, struct bl_error *err)
{
    int64_t lo, hi;
    bl_share(total, par.rank, par.size, &lo, &hi);
    *groups = (struct par_sum_groups){.total = total, .k_max = k_max};
    int code = bl_alloc(&groups->end, hi - lo, sizeof *groups->end, "groups of rows", err);
    if (code == BL_OK)
        code = blocks_init(&groups->rank_groups, par.size, err);
    if (code == BL_OK)
        code = bl_alloc(&groups->all, groups->total * k_max, sizeof(double), "sums of groups", err);
    code = par_agree(par, code, err);
    if (code != BL_OK) {
        par_sum_groups_free(groups);
        return code;
    }
    for (int r = 0; r < par.size; r++)
        bl_share(total, r, par.size, &groups->rank_groups.begin[r], &groups->rank_groups.begin[r + 1]);
    /* This rank's n_units units are divided evenly among its hi - lo groups; end[g]: its rows up to group
     * g. */
    for (int64_t u = 0, rows = 0; u < n_units; u++) {
        rows += unit_rows[u];
        groups->end[u / (n_units / (hi - lo))] = rows;
    }
    groups->local = (struct bl_groups){.first = lo, .n = hi - lo, .end = groups->end};
    return BL_OK;
}

void par_sum_groups_free(struct par_sum_groups *groups)
{
    bl_free(&groups->end);
    blocks_free(&groups->rank_groups);
    bl_free(&groups->all);
}

void par_sum_groups_sum(struct par_sum_groups *groups, struct par par, const double *parts, int64_t stride,
                        int64_t k, double *sums)
{
    double *own = groups->all + groups->local.first * k;
    for (int64_t g = 0; g < groups->local.n; g++)
        memcpy(own + g * k, parts + g * stride, (size_t)k * sizeof *own);
    par_allgather(par, &groups->rank_groups, groups->all, k * (int64_t)sizeof *own);
    /* sums[i] = (...(part of group 0 + group 1) + ...): always in the order of groups, so the same bits on
     * any number of ranks; an MPI_Allreduce could add in another order. */
    memset(sums, 0, (size_t)k * sizeof *sums);
    for (int64_t g = 0; g < groups->total; g++)
        for (int64_t i = 0; i < k; i++)
            sums[i] += groups->all[g * k + i];
}

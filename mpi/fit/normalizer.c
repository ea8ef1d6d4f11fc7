#include "mpi/fit/normalizer.h"

#include <math.h>

#include "base/buffer.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"

/* Row `at` of this rank, widened, or nothing if it has no kept row. */
static int first_row(const struct rows *rows, int64_t at, double *center, struct bl_error *err)
{
    const void *row = NULL;
    if (at == rows->n_local)
        return BL_OK;
    int code = rows_read(rows, at, 1, &row, err);
    if (code == BL_OK)
        bl_type_to_double(rows->type, row, rows->dim, center);
    return code;
}

/* The same row on all ranks, to count from: the first kept one of the lowest rank that has any. */
static int share_center(struct par par, const struct rows *rows, double *center, struct bl_error *err)
{
    int64_t at = 0;
    while (at < rows->n_local && rows->keep && !rows->keep[at])
        at++;
    int code = par_agree(par, first_row(rows, at, center, err), err);
    if (code != BL_OK)
        return code;
    /* Ranks without a kept row say `size`: then the lowest rank that has one is the minimum. */
    const int owner = (int)par_min_integer(par, at < rows->n_local ? par.rank : par.size);
    if (owner == par.size)
        return bl_fail(err, BL_INPUT, "no row is left to take column statistics from");
    par_broadcast_from(par, owner, center, rows->dim * (int64_t)sizeof *center);
    return BL_OK;
}

/* The sums of own rows [begin, end). */
static int add_rows(const struct rows *rows, int64_t begin, int64_t end, const double *center, int power,
                    double *sums, struct bl_error *err)
{
    for (int64_t lo = begin; lo < end; lo += rows->block_rows) {
        int64_t n = end - lo < rows->block_rows ? end - lo : rows->block_rows;
        const uint8_t *keep = rows->keep ? rows->keep + lo : NULL;
        const void *block;
        int code = rows_read(rows, lo, n, &block, err);
        if (code != BL_OK)
            return code;
        bl_normalizer_add(rows->dim, rows->type, block, n, keep, center, power, sums);
    }
    return BL_OK;
}

/* parts [groups, dim]: the sums of each own group. */
static int add_local(const struct rows *rows, const double *center, int power, double *parts,
                     struct bl_error *err)
{
    const struct bl_groups *groups = &rows->groups->local;
    int code = BL_OK;
    for (int64_t g = 0; g < groups->n && code == BL_OK; g++)
        code = add_rows(rows, g > 0 ? groups->end[g - 1] : 0, groups->end[g], center, power,
                        parts + g * rows->dim, err);
    return code;
}

/* means [dim] = the mean of (x - center)^power over the kept rows of all ranks. */
static int mean_power(struct par par, const struct rows *rows, const double *center, int power, double *means,
                      struct bl_error *err)
{
    int64_t n = rows->n_local;
    for (int64_t i = 0; i < rows->n_local && rows->keep; i++)
        n -= !rows->keep[i];
    double *parts = NULL;
    int code =
        bl_alloc_zero(&parts, rows->groups->local.n * rows->dim, sizeof *parts, "column statistics", err);
    if (code == BL_OK)
        code = add_local(rows, center, power, parts, err);
    code = par_agree(par, code, err);
    if (code == BL_OK) {
        par_sum_integers(par, &n, 1);
        par_sum_groups_sum(rows->groups, par, parts, rows->dim, rows->dim, means);
    }
    bl_free(&parts);
    if (code != BL_OK)
        return code;
    for (int64_t d = 0; d < rows->dim; d++) {
        means[d] /= (double)n;
        if (!isfinite(means[d]))
            return bl_fail(err, BL_NUMBERS,
                           "feature column %lld holds a NaN, an infinity or numbers too large to add; remove "
                           "these rows",
                           (long long)d);
    }
    return BL_OK;
}

int par_normalizer_fit(struct par par, const struct rows *rows, struct bl_normalizer *normalizer,
                       int64_t *n_constant, struct bl_error *err)
{
    double *center = NULL, *means = NULL, *variances = NULL;
    if (n_constant)
        *n_constant = 0;
    if (normalizer->kind == BL_NORMALIZE_NONE || normalizer->kind == BL_NORMALIZE_UNIT)
        return BL_OK;
    int code = bl_alloc(&center, rows->dim, sizeof *center, "column statistics", err);
    if (code == BL_OK)
        code = bl_alloc(&means, rows->dim, sizeof *means, "column statistics", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&variances, rows->dim, sizeof *variances, "column statistics", err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        goto done;
    code = share_center(par, rows, center, err);
    if (code == BL_OK)
        code = mean_power(par, rows, center, 1, means, err);
    for (int64_t d = 0; code == BL_OK && d < rows->dim; d++)
        means[d] += center[d];
    if (code == BL_OK && normalizer->kind != BL_NORMALIZE_CENTER)
        code = mean_power(par, rows, means, 2, variances, err);
    if (code == BL_OK) {
        int64_t constant = bl_normalizer_set(normalizer, means, variances);
        if (n_constant && normalizer->kind == BL_NORMALIZE_STANDARDIZE)
            *n_constant = constant;
    }
done:
    bl_free(&center);
    bl_free(&means);
    bl_free(&variances);
    return code;
}

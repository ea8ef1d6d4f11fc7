#include "mpi/fit/normalizer.h"

#include <math.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/minmax.h"
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

/* A pass over the kept rows: what it adds up, and with power 1 also the extremes and the sample. */
struct pass {
    const double *center;
    int power;
    struct bl_spread *spread; /* NULL: sums alone */
    int64_t at, total;        /* kept rows of all ranks before the next one, and in all */
};

/* Of all kept rows, those with the numbers i total/n_sample: the same on any number of ranks. */
static void take_sample(struct pass *pass, const struct rows *rows, const void *block, int64_t n,
                        const uint8_t *keep)
{
    struct bl_spread *spread = pass->spread;
    for (int64_t row = 0; row < n; row++) {
        if (keep && !keep[row])
            continue;
        const int64_t i = (pass->at * spread->n_sample + pass->total - 1) / pass->total;
        if (i < spread->n_sample && i * pass->total / spread->n_sample == pass->at)
            bl_type_to_double(rows->type,
                              (const char *)block + (size_t)(row * rows->dim) * bl_type_bytes(rows->type),
                              rows->dim, spread->sample + i * rows->dim);
        pass->at++;
    }
}

/* The sums of own rows [begin, end). */
static int add_rows(const struct rows *rows, int64_t begin, int64_t end, struct pass *pass, double *sums,
                    struct bl_error *err)
{
    for (int64_t lo = begin; lo < end; lo += rows->block_rows) {
        int64_t n = end - lo < rows->block_rows ? end - lo : rows->block_rows;
        const uint8_t *keep = rows->keep ? rows->keep + lo : NULL;
        const void *block;
        int code = rows_read(rows, lo, n, &block, err);
        if (code != BL_OK)
            return code;
        bl_normalizer_add(rows->dim, rows->type, block, n, keep, pass->center, pass->power, sums);
        if (!pass->spread)
            continue;
        bl_normalizer_widen(rows->dim, rows->type, block, n, keep, pass->spread->lo, pass->spread->hi);
        take_sample(pass, rows, block, n, keep);
    }
    return BL_OK;
}

/* parts [groups, dim]: the sums of each own group. */
static int add_local(const struct rows *rows, struct pass *pass, double *parts, struct bl_error *err)
{
    const struct bl_groups *groups = &rows->groups->local;
    int code = BL_OK;
    for (int64_t g = 0; g < groups->n && code == BL_OK; g++)
        code =
            add_rows(rows, g > 0 ? groups->end[g - 1] : 0, groups->end[g], pass, parts + g * rows->dim, err);
    return code;
}

/* means [dim] = the mean of (x - center)^power over the kept rows of all ranks. */
static int mean_power(struct par par, const struct rows *rows, struct pass *pass, double *means,
                      struct bl_error *err)
{
    double *parts = NULL;
    int code =
        bl_alloc_zero(&parts, rows->groups->local.n * rows->dim, sizeof *parts, "column statistics", err);
    if (code == BL_OK)
        code = add_local(rows, pass, parts, err);
    code = par_agree(par, code, err);
    if (code == BL_OK)
        par_sum_groups_sum(rows->groups, par, parts, rows->dim, rows->dim, means);
    bl_free(&parts);
    if (code != BL_OK)
        return code;
    for (int64_t d = 0; d < rows->dim; d++) {
        means[d] /= (double)pass->total;
        if (!isfinite(means[d]))
            return bl_fail(err, BL_NUMBERS,
                           "feature column %lld holds a NaN, an infinity or numbers too large to add; remove "
                           "these rows",
                           (long long)d);
    }
    return BL_OK;
}

/* Counts kept rows, and makes room for a sample of them that takes 32 MiB at most where columns are few
 * enough. share_center has found that there is one. */
static int start_pass(struct pass *pass, struct par par, const struct rows *rows, struct bl_error *err)
{
    enum { NUMBERS = 1 << 22, ROWS_MIN = 31 };
    struct bl_spread *spread = pass->spread;
    struct par_blocks ranks = {0};
    int64_t n = rows->n_local;
    for (int64_t i = 0; i < rows->n_local && rows->keep; i++)
        n -= !rows->keep[i];
    int code = par_agree(par, blocks_init(&ranks, par.size, err), err);
    if (code == BL_OK) {
        par_blocks_gather(&ranks, par, n);
        pass->at = ranks.begin[par.rank];
        pass->total = ranks.begin[par.size];
        n = bl_min(BL_SCALES_ROWS, bl_max(NUMBERS / rows->dim, ROWS_MIN));
        spread->n_sample = bl_min(n, pass->total);
        code = par_agree(par,
                         bl_alloc_zero(&spread->sample, spread->n_sample * rows->dim, sizeof(double),
                                       "a sample of the rows", err),
                         err);
    }
    blocks_free(&ranks);
    return code;
}

int par_spread_fit(struct bl_spread *spread, struct par par, const struct rows *rows, struct bl_error *err)
{
    double *center = NULL;
    int code = bl_spread_init(spread, rows->dim, err);
    if (code == BL_OK)
        code = bl_alloc(&center, rows->dim, sizeof *center, "column statistics", err);
    code = par_agree(par, code, err);
    if (code == BL_OK)
        code = share_center(par, rows, center, err);
    struct pass first = {.center = center, .power = 1, .spread = spread};
    if (code == BL_OK)
        code = start_pass(&first, par, rows, err);
    struct pass second = {.center = spread->mean, .power = 2, .total = first.total};
    if (code == BL_OK)
        code = mean_power(par, rows, &first, spread->mean, err);
    if (code == BL_OK) {
        par_min_doubles(par, spread->lo, rows->dim);
        par_max_doubles(par, spread->hi, rows->dim);
        par_join_bytes(par, spread->sample, spread->n_sample * rows->dim * (int64_t)sizeof(double));
        for (int64_t d = 0; d < rows->dim; d++)
            spread->mean[d] += center[d];
        code = mean_power(par, rows, &second, spread->variance, err);
    }
    bl_free(&center);
    if (code != BL_OK)
        bl_spread_free(spread);
    return code;
}

int par_normalizer_fit(struct par par, const struct rows *rows, struct bl_normalizer *normalizer,
                       struct par_normalizer_found *found, struct bl_error *err)
{
    struct bl_spread spread = {0};
    const int kind = normalizer->kind;
    if (!found && (kind == BL_NORMALIZE_NONE || kind == BL_NORMALIZE_UNIT))
        return BL_OK;
    int code = par_spread_fit(&spread, par, rows, err);
    if (code != BL_OK)
        return code;
    const int64_t constant = bl_normalizer_set(normalizer, rows->type, &spread);
    if (found)
        *found = (struct par_normalizer_found){.constant = kind == BL_NORMALIZE_STANDARDIZE ? constant : 0,
                                               .scales = bl_scales_find(&spread)};
    bl_spread_free(&spread);
    if (constant == rows->dim)
        return bl_fail(err, BL_INPUT, "all rows are equal; nothing can be learnt from them");
    return BL_OK;
}

void par_normalizer_warn_local(const struct par_normalizer_found *found, int kind, const char *remedy)
{
    char text[BL_SCALES_TEXT];
    for (int i = 0; i < BL_SCALES_WORDS; i++)
        if (bl_scales_text(&found->scales, kind, remedy, i, text))
            bl_log_warn("%s", text);
}

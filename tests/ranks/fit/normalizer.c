#include "mpi/fit/normalizer.h"
#include "base/share.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "data/shards.h"
#include "support/ranks.h"

enum { N = 37, DIM = 3, GROUPS = 8 };

/* A column far from 0, one around it and a constant one; every fifth row is left out. */
static void make_rows(double *rows, uint8_t *keep)
{
    for (int i = 0; i < N; i++) {
        keep[i] = i % 5 != 0;
        rows[i * DIM] = 1e9 + i * i % 11;
        rows[i * DIM + 1] = keep[i] ? sin(i) : NAN;
        rows[i * DIM + 2] = 0.1;
    }
}

/* The rows of the ranks of par: a rank has whole shards, a shard is a group. Returns the status. */
static int fit(struct par par, const double *rows, const uint8_t *keep, struct bl_normalizer *normalizer,
               struct par_normalizer_found *found, struct bl_error *err)
{
    struct par_sum_groups groups;
    int64_t shard_rows[GROUPS], begin, end;
    bl_share(GROUPS, par.rank, par.size, &begin, &end);
    for (int64_t s = begin; s < end; s++)
        shard_rows[s - begin] = bl_shard_begin(N, GROUPS, s + 1) - bl_shard_begin(N, GROUPS, s);
    const int64_t lo = bl_shard_begin(N, GROUPS, begin), hi = bl_shard_begin(N, GROUPS, end);
    CHECK(bl_normalizer_init(normalizer, BL_NORMALIZE_STANDARDIZE, DIM, err) == BL_OK);
    CHECK(par_sum_groups_init(&groups, par, GROUPS, shard_rows, end - begin, DIM, err) == BL_OK);
    struct rows from =
        rows_resident(DIM, BL_FLOAT64, rows + lo * DIM, hi - lo, keep ? keep + lo : NULL, &groups);
    int code = par_normalizer_fit(par, &from, normalizer, found, err);
    par_sum_groups_free(&groups);
    return code;
}

static void statistics_are_those_of_the_kept_rows(struct par par)
{
    double rows[N * DIM], mean = 0.0;
    uint8_t keep[N];
    struct par_normalizer_found found;
    int kept = 0;
    struct bl_normalizer normalizer;
    struct bl_error err = {0};
    make_rows(rows, keep);
    for (int i = 0; i < N; i++) {
        kept += keep[i];
        mean += keep[i] ? rows[i * DIM] - 1e9 : 0.0;
    }
    CHECK(fit(par, rows, keep, &normalizer, &found, &err) == BL_OK);
    CHECK(fabs(normalizer.mean[0] - 1e9 - mean / kept) < 1e-6);
    CHECK(normalizer.mean[2] == 0.1 && normalizer.scale[2] == 0.0);
    CHECK(found.constant == 1);
    bl_normalizer_free(&normalizer);
}

static void they_have_the_bits_of_one_rank(struct par par)
{
    double rows[N * DIM];
    uint8_t keep[N];
    struct bl_normalizer together, alone;
    struct bl_error err = {0};
    make_rows(rows, keep);
    CHECK(fit(par, rows, keep, &together, NULL, &err) == BL_OK);
    CHECK(fit(par_alone(), rows, keep, &alone, NULL, &err) == BL_OK);
    CHECK(memcmp(together.mean, alone.mean, sizeof *rows * DIM) == 0);
    CHECK(memcmp(together.scale, alone.scale, sizeof *rows * DIM) == 0);
    bl_normalizer_free(&together);
    bl_normalizer_free(&alone);
}

/* The sample is of kept rows alone, of which row 36 isn't one, and the same on any number of ranks. */
static void a_far_value_is_found_in_rows_of_any_rank(struct par par)
{
    double rows[N * DIM];
    uint8_t keep[N];
    struct bl_normalizer normalizer;
    struct bl_error err = {0};
    for (int far = 0; far < N; far++) {
        struct par_normalizer_found found;
        make_rows(rows, keep);
        rows[far * DIM + 1] = -1e6;
        CHECK(fit(par, rows, keep, &normalizer, &found, &err) == BL_OK);
        CHECK(found.scales.far == (keep[far] ? 1 : -1));
        CHECK(!keep[far] || found.scales.far_value == -1e6);
        CHECK(found.scales.ruling == (keep[far] ? 1 : -1));
        bl_normalizer_free(&normalizer);
    }
}

static void rows_that_are_all_equal_are_refused_on_all_ranks(struct par par)
{
    double rows[N * DIM];
    struct bl_normalizer normalizer;
    struct bl_error err = {0};
    for (int i = 0; i < N * DIM; i++)
        rows[i] = 0.1;
    CHECK(fit(par, rows, NULL, &normalizer, NULL, &err) == BL_INPUT);
    CHECK(strstr(err.what, "all rows are equal") != NULL);
    bl_normalizer_free(&normalizer);
}

static void those_of_no_row_or_of_nan_are_refused_on_all_ranks(struct par par)
{
    double rows[N * DIM];
    uint8_t keep[N], none[N] = {0};
    struct bl_normalizer normalizer;
    struct bl_error err = {0};
    make_rows(rows, keep);
    CHECK(fit(par, rows, none, &normalizer, NULL, &err) == BL_INPUT);
    bl_normalizer_free(&normalizer);
    CHECK(fit(par, rows, NULL, &normalizer, NULL, &err) == BL_NUMBERS);
    CHECK(strstr(err.what, "feature column 1") != NULL);
    bl_normalizer_free(&normalizer);
}

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        {"statistics_are_those_of_the_kept_rows", statistics_are_those_of_the_kept_rows},
        {"they_have_the_bits_of_one_rank", they_have_the_bits_of_one_rank},
        {"a_far_value_is_found_in_rows_of_any_rank", a_far_value_is_found_in_rows_of_any_rank},
        {"rows_that_are_all_equal_are_refused_on_all_ranks",
         rows_that_are_all_equal_are_refused_on_all_ranks},
        {"those_of_no_row_or_of_nan_are_refused_on_all_ranks",
         those_of_no_row_or_of_nan_are_refused_on_all_ranks},
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}

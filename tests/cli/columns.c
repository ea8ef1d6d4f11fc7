#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "support/tiny.h"

/* Columns of any size and offset, values far from all others, and directions in which rows don't vary. */
enum { DIM = TINY_DIM + 4, ALL = TINY_TRAIN + TINY_TEST };

static struct tiny tiny;
static char model[TINY_PATH_MAX], path[TINY_PATH_MAX];
static float features[ALL * TINY_DIM];
static int32_t labels[ALL];

/* Rows of tiny, and a clock in seconds and noise of deviations 10^4, 10^5 and 10^6 beside them. */
static double wide[ALL * DIM];

static void enter(void)
{
    const double size[4] = {3e7, 1e4, 1e5, 1e6}, offset[4] = {1.7e9, 0, 0, 0};
    tiny_init(&tiny);
    tiny_path(&tiny, "model.h5", model);
    tiny_rows(ALL, 1, features, labels);
    for (int i = 0; i < ALL; i++) {
        double normal[4];
        bl_rng_normal(1, 95, (uint64_t)i, 0, 0, normal);
        for (int d = 0; d < DIM; d++)
            wide[i * DIM + d] = d < TINY_DIM
                                    ? (double)features[i * TINY_DIM + d]
                                    : offset[d - TINY_DIM] + size[d - TINY_DIM] * normal[d - TINY_DIM];
    }
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_columns, .init = enter, .fini = leave);

/* Both splits of `name`; its path is in path. */
static void make_data(const char *name, int64_t dim, const double *rows)
{
    char x[TINY_PATH_MAX], y[TINY_PATH_MAX];
    tiny_path(&tiny, name, path);
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "y.npy", y);
    for (int test = 0; test < 2; test++) {
        const int64_t first = test ? TINY_TRAIN : 0, n = test ? TINY_TEST : TINY_TRAIN;
        tiny_write_npy(x, "<f8", n, dim, rows + first * dim);
        tiny_write_npy(y, "<i4", n, 0, labels + first);
        cli_succeeds(0, "import --format npy --features %s --labels %s --split %s -o %s", x, y,
                     test ? "test" : "train", path);
    }
}

static double map_of(const char *of)
{
    struct cli_result result;
    cli_run(&result, 0, "evaluate %s %s --queries test --database train --json", of, path);
    cli_expect_success(&result);
    const double map = tiny_number(result.out, "map");
    cli_free(&result);
    return map;
}

/* (x - mean)/sd of the train rows, in two passes. */
static void standardize(int64_t dim, double *rows)
{
    for (int64_t d = 0; d < dim; d++) {
        double mean = 0.0, squares = 0.0;
        for (int64_t i = 0; i < TINY_TRAIN; i++)
            mean += rows[i * dim + d] / TINY_TRAIN;
        for (int64_t i = 0; i < TINY_TRAIN; i++)
            squares += pow(rows[i * dim + d] - mean, 2.0) / TINY_TRAIN;
        for (int64_t i = 0; i < ALL; i++)
            rows[i * dim + d] = (rows[i * dim + d] - mean) / sqrt(squares);
    }
}

static void measure(double maps[2])
{
    char run[TINY_PATH_MAX], sets[2 * TINY_PATH_MAX];
    tiny_path(&tiny, "run/model.h5", run);
    snprintf(sets, sizeof sets, "--fresh --set data.file=%s", path);
    tiny_train_well(&tiny, 0, tiny.run, sets);
    maps[0] = map_of(run);
    cli_succeeds(0, "baseline itq %s --bits 8 --normalize standardize -o %s --force", path, model);
    maps[1] = map_of(model);
}

Test(cli_columns, of_any_size_and_offset_give_the_map_of_their_z_scores)
{
    double raw[2], standard[2];
    make_data("raw.h5", DIM, wide);
    measure(raw);
    standardize(DIM, wide);
    make_data("standard.h5", DIM, wide);
    measure(standard);
    for (int i = 0; i < 2; i++)
        cr_assert_float_eq(raw[i], standard[i], 0.01, "%s: %g, of z-scores %g", i ? "itq" : "train", raw[i],
                           standard[i]);
    cr_assert_gt(raw[0], 0.9);
}

/* Whether a command that succeeds says this on its two outputs. */
static int says(const char *text, const char *command)
{
    struct cli_result result;
    cli_run(&result, 0, "%s", command);
    cli_expect_success(&result);
    const int found = strstr(result.out, text) != NULL || strstr(result.err, text) != NULL;
    cli_free(&result);
    return found;
}

Test(cli_columns, one_that_has_nearly_all_of_the_variance_is_named_where_columns_are_not_scaled)
{
    static const char *const kinds[] = {"none", "center", "scale", "unit", "standardize"};
    static const char ruling[] = "feature column 8 has more than 99 % of the variance of all 12 columns";
    char command[8 * TINY_PATH_MAX];
    make_data("raw.h5", DIM, wide);
    for (int i = 0; i < 5; i++) {
        snprintf(command, sizeof command, "baseline lsh %s --bits 8 --normalize %s -o %s --force", path,
                 kinds[i], model);
        cr_assert_eq(says(ruling, command), i < 4, "baseline, %s", kinds[i]);
        snprintf(command, sizeof command, "check %s --set data.file=%s --set data.normalize=%s", tiny.config,
                 path, kinds[i]);
        cr_assert_eq(says(ruling, command), i < 4, "check, %s", kinds[i]);
    }
    snprintf(command, sizeof command,
             "train %s --run %s --set data.file=%s --set train.steps=1 --set data.normalize=scale",
             tiny.config, tiny.run, path);
    cr_assert(says(ruling, command));
}

Test(cli_columns, a_value_far_from_all_others_of_its_column_is_named)
{
    static const char far[] = "feature column 3 holds -1e+12, more than 1000 times";
    char command[8 * TINY_PATH_MAX];
    snprintf(command, sizeof command, "check %s", tiny.config);
    cr_assert_not(says("warning", command));
    wide[100 * DIM + 3] = -1e12;
    make_data("raw.h5", DIM, wide);
    snprintf(command, sizeof command, "check %s --set data.file=%s", tiny.config, path);
    cr_assert(says(far, command));
    snprintf(command, sizeof command, "train %s --run %s --set data.file=%s --set train.steps=1", tiny.config,
             tiny.run, path);
    cr_assert(says(far, command));
}

Test(cli_columns, more_bits_than_directions_with_variance_are_refused_or_keep_random_weights)
{
    char sets[2 * TINY_PATH_MAX], command[8 * TINY_PATH_MAX];
    static const char *const methods[] = {"pcah", "itq"};
    for (int i = 0; i < ALL * TINY_DIM; i++)
        wide[i] = i % TINY_DIM < 5 ? (double)features[i] : 7.0;
    make_data("five.h5", TINY_DIM, wide);
    for (int i = 0; i < 2; i++) {
        cli_fails(
            i == 0 ? 0 : 3, 2,
            "--bits 6 is more than the 5 principal directions with variance of 8 feature columns; ask for at "
            "most 5",
            "baseline %s %s --bits 6 -o %s --force", methods[i], path, model);
        cli_succeeds(0, "baseline %s %s --bits 5 -o %s --force", methods[i], path, model);
    }
    snprintf(sets, sizeof sets,
             "--set data.file=%s --set train.steps=1 --set model.hidden=[] --set model.init=itq", path);
    snprintf(command, sizeof command, "train %s --run %s %s", tiny.config, tiny.run, sets);
    cr_assert(says("vary in only 5 directions; 11 of its 16 units keep random weights", command));
}

Test(cli_columns, few_rows_vary_in_fewer_directions_than_there_are_columns)
{
    char few[TINY_PATH_MAX];
    tiny_path(&tiny, "few.h5", few);
    tiny_import(&tiny, few, "train", 6, features, NULL);
    cli_fails(0, 2, "more than the 5 principal directions with variance",
              "baseline itq %s --bits 6 -o %s --force", few, model);
    cli_succeeds(0, "baseline itq %s --bits 5 -o %s --force", few, model);
}

#include "cost/trial.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "base/buffer.h"
#include "io/config_file.h"

static struct bl_error err;

static struct bl_config config_of(const char *more)
{
    char text[400];
    struct bl_config config;
    snprintf(text, sizeof text,
             "data: {file: d.h5}\nmodel: {hidden: [32, 16], heads: 2, bits: 8}\ntrain: {global_batch: 64, "
             "reduction: %s",
             more);
    cr_assert_eq(io_config_parse(text, "test", &config, &err), BL_OK, "%s", err.what);
    return config;
}

static struct bl_trial run(const char *more, int64_t n_local, int64_t n_global, int64_t groups)
{
    const struct bl_config config = config_of(more);
    struct bl_trial trial = {0};
    const struct bl_trial_size size = {
        .n_local = n_local, .n_global = n_global, .groups = groups, .updated = 1000, .node_ranks = 3};
    cr_assert_eq(
        bl_trial_run(&trial, &config, 64, BL_UINT8, bl_label_layout(BL_LABELS_SINGLE, 0), &size, &err), BL_OK,
        "%s", err.what);
    cr_assert_eq(bl_alloc_live(), 0);
    cr_assert(isfinite(trial.rows_s) && trial.rows_s > 0.0);
    cr_assert(isfinite(trial.update_s) && trial.update_s > 0.0);
    return trial;
}

Test(trial, flops_are_three_products_a_layer_and_two_for_pairs)
{
    const struct bl_trial trial = run("exact}\n", 20, 60, 4);
    const double per_row = 4 * 64 * 32 + 6 * 32 * 16 + 6 * 16 * 16 + 4 * 60 * 16;
    cr_assert_float_eq(trial.flops, 20 * per_row, 1e-6);
}

Test(trial, without_pairs_there_are_no_products_of_codes)
{
    const struct bl_trial trial = run("fast}\nobjective: {terms: {pairwise: {weight: 0}}}\n", 20, 60, 1);
    cr_assert_float_eq(trial.flops, 20 * (4 * 64 * 32 + 6 * 32 * 16 + 6 * 16 * 16), 1e-6);
}

/* Rows above what is tried are counted, not run: eight times as many take eight times as long. */
Test(trial, long_batches_are_scaled)
{
    const double once = run("exact}\nobjective: {terms: {pairwise: {weight: 0}}}\n", 1024, 1024, 8).rows_s;
    const double often = run("exact}\nobjective: {terms: {pairwise: {weight: 0}}}\n", 8192, 8192, 64).rows_s;
    cr_assert(often > 2.0 * once && often < 64.0 * once, "%g and %g", once, often);
}

Test(trial, time_grows_with_the_ranks_rows_and_that_of_pairs_with_the_batch_too)
{
    static const struct {
        int64_t local, global; /* as multiples of what is run at most */
        double rows, pairs;
    } cases[] = {{1, 1, 1.0, 1.0}, {2, 1, 2.0, 2.0}, {1, 3, 1.0, 3.0}, {4, 8, 4.0, 32.0}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct bl_trial_size size = {.n_local = cases[c].local * BL_TRIAL_ROWS,
                                           .n_global = cases[c].global * BL_TRIAL_BATCH,
                                           .groups = 1};
        const struct bl_trial_scale scale = bl_trial_scale(&size);
        cr_assert_eq(scale.rows, cases[c].rows);
        cr_assert_eq(scale.pairs, cases[c].pairs);
    }
    const struct bl_trial_scale small = bl_trial_scale(&(struct bl_trial_size){.n_local = 7, .n_global = 20});
    cr_assert(small.rows == 1.0 && small.pairs == 1.0);
}

Test(trial, other_labels_and_threads_work)
{
    const struct bl_config config =
        config_of("fast, threads: 2}\nobjective: {terms: {pairwise: {similarity: jaccard}}}\n");
    struct bl_trial trial = {0};
    const struct bl_trial_size size = {.n_local = 30, .n_global = 90, .groups = 1, .updated = 100};
    cr_assert_eq(
        bl_trial_run(&trial, &config, 5, BL_FLOAT16, bl_label_layout(BL_LABELS_MULTI, 40), &size, &err),
        BL_OK, "%s", err.what);
    cr_assert(trial.rows_s > 0.0);
    cr_assert_eq(bl_alloc_live(), 0);
}

Test(trial, labels_that_are_missing_are_named)
{
    const struct bl_config config = config_of("fast}\n");
    struct bl_trial trial;
    const struct bl_trial_size size = {.n_local = 30, .n_global = 90, .groups = 1, .updated = 100};
    cr_assert_eq(bl_trial_run(&trial, &config, 5, BL_UINT8, bl_label_layout(BL_LABELS_NONE, 0), &size, &err),
                 BL_USAGE);
    cr_assert_eq(bl_alloc_live(), 0);
}

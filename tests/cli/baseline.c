#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "support/tiny.h"

/* `bitloom baseline`, from a data set to codes that find something. */
static struct tiny tiny;
static char model[TINY_PATH_MAX];

static void enter(void)
{
    tiny_init(&tiny);
    tiny_path(&tiny, "model.h5", model);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_baseline, .init = enter, .fini = leave);

static double map_of(const char *of)
{
    struct cli_result result;
    cli_run(&result, 0, "evaluate %s %s --queries test --database train --json", of, tiny.data);
    cli_expect_success(&result);
    const double map = tiny_number(result.out, "map");
    cli_free(&result);
    return map;
}

Test(cli_baseline, every_method_makes_a_model_that_finds_classes)
{
    static const char *const methods[] = {"lsh", "pcah", "itq", "sh", "sph", "ksh", "sdh-shen"};
    for (int i = 0; i < 7; i++) {
        cli_succeeds(0, "baseline %s %s --bits 8 -o %s --force", methods[i], tiny.data, model);
        const double map = map_of(model);
        cr_assert_gt(map, 0.45, "%s: %g; by chance it would be 0.25", methods[i], map);
    }
}

Test(cli_baseline, any_number_of_ranks_makes_the_same_model)
{
    static const char *const methods[] = {"pcah", "itq", "sh", "sph", "ksh", "sdh-shen"};
    char other[TINY_PATH_MAX];
    tiny_path(&tiny, "other.h5", other);
    for (int i = 0; i < 6; i++) {
        cli_succeeds(0, "baseline %s %s --bits 8 --seed 5 -o %s --force", methods[i], tiny.data, model);
        char *alone, *expected = NULL;
        for (int ranks = 0; ranks <= 4; ranks += i < 2 ? 1 : 3) {
            struct cli_result result;
            cli_succeeds(ranks, "baseline %s %s --bits 8 --seed 5 -o %s --force", methods[i], tiny.data,
                         other);
            cli_run(&result, 0, "info %s --json", other);
            cli_expect_success(&result);
            alone = strstr(result.out, "\"digest\"");
            cr_assert(alone, "%s", result.out);
            alone[30] = '\0';
            cr_assert(!expected || strcmp(alone, expected) == 0, "%s on %d ranks: %s, not %s", methods[i],
                      ranks, alone, expected);
            expected = expected ? expected : strdup(alone);
            cli_free(&result);
        }
        free(expected);
    }
}

Test(cli_baseline, itq_takes_seed_and_iterations)
{
    struct cli_result result;
    cli_run(&result, 0, "baseline itq %s --bits 8 --seed 3 --iterations 7 -o %s --force", tiny.data, model);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "after 7 iterations") || strstr(result.out, "after 7 iterations"), "%s%s",
              result.out, result.err);
    cli_free(&result);
    cli_fails(0, 2, "--iterations", "baseline itq %s --bits 8 --iterations -1 -o %s --force", tiny.data,
              model);
    cli_fails(0, 2, "--iterations", "baseline itq %s --bits 8 --iterations few -o %s --force", tiny.data,
              model);
    cli_fails(0, 2, "lsh has no use for --iterations",
              "baseline lsh %s --bits 8 --iterations 7 -o %s --force", tiny.data, model);
}

Test(cli_baseline, more_bits_than_columns_are_refused_where_bits_are_directions)
{
    static const char *const methods[] = {"pcah", "itq"};
    for (int ranks = 0; ranks <= 2; ranks += 2)
        for (int i = 0; i < 2; i++) {
            cli_fails(ranks, 2, "--bits 9 is more than the 8 principal directions",
                      "baseline %s %s --bits 9 -o %s --force", methods[i], tiny.data, model);
            cr_assert_not(tiny_exists(model));
        }
    cli_succeeds(0, "baseline lsh %s --bits 9 -o %s --force", tiny.data, model);
}

Test(cli_baseline, every_normalization_can_be_fitted)
{
    static const char *const kinds[] = {"none", "center", "standardize", "unit", "scale"};
    for (int i = 0; i < 5; i++) {
        cli_succeeds(0, "baseline itq %s --bits 8 --normalize %s -o %s --force", tiny.data, kinds[i], model);
        cr_assert_gt(map_of(model), 0.45, "%s", kinds[i]);
    }
}

Test(cli_baseline, a_number_that_is_not_finite_is_named_where_nothing_is_centred)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    char data[TINY_PATH_MAX];
    tiny_rows(TINY_TRAIN, 1, features, labels);
    features[300 * TINY_DIM + 5] = NAN;
    tiny_path(&tiny, "bad.h5", data);
    tiny_import(&tiny, data, "train", TINY_TRAIN, features, labels);
    for (int ranks = 0; ranks <= 3; ranks += 3)
        cli_fails(ranks, 5, "bad.h5, split train: feature column 5 holds a NaN",
                  "baseline itq %s --bits 4 --normalize none -o %s --force", data, model);
}

Test(cli_baseline, rows_that_are_all_equal_have_no_directions)
{
    static float features[40 * TINY_DIM];
    char data[TINY_PATH_MAX];
    for (int i = 0; i < 40 * TINY_DIM; i++)
        features[i] = (float)(i % TINY_DIM);
    tiny_path(&tiny, "equal.h5", data);
    tiny_import(&tiny, data, "train", 40, features, NULL);
    cli_fails(0, 3, "equal.h5, split train: all rows are equal", "baseline pcah %s --bits 2 -o %s --force",
              data, model);
    cli_fails(2, 3, "all rows are equal", "baseline itq %s --bits 2 -o %s --force", data, model);
}

static const char *const learners[] = {"ksh", "sdh-shen"};

Test(cli_baseline, supervised_methods_learn_the_classes)
{
    for (int i = 0; i < 2; i++) {
        cli_succeeds(0, "baseline %s %s --bits 8 --anchors 60 --rows 200 -o %s --force", learners[i],
                     tiny.data, model);
        cr_assert_gt(map_of(model), 0.95, "%s", learners[i]);
    }
}

Test(cli_baseline, supervised_methods_need_labels)
{
    static float features[40 * TINY_DIM];
    char data[TINY_PATH_MAX];
    tiny_path(&tiny, "unlabelled.h5", data);
    for (int i = 0; i < 40 * TINY_DIM; i++)
        features[i] = (float)(i * 7 % 13);
    tiny_import(&tiny, data, "train", 40, features, NULL);
    for (int ranks = 0; ranks <= 2; ranks += 2)
        for (int i = 0; i < 2; i++)
            cli_fails(ranks, 2, "learns from labels, and split train of",
                      "baseline %s %s --bits 4 -o %s --force", learners[i], data, model);
    cli_succeeds(0, "baseline sph %s --bits 4 -o %s --force", data, model);
    cli_succeeds(0, "baseline sh %s --bits 12 -o %s --force", data, model); /* more bits than columns */
}

Test(cli_baseline, a_split_whose_rows_all_lack_a_label_teaches_nothing)
{
    static float features[40 * TINY_DIM];
    static int32_t labels[40];
    char data[TINY_PATH_MAX];
    tiny_path(&tiny, "none.h5", data);
    for (int i = 0; i < 40 * TINY_DIM; i++)
        features[i] = (float)(i * 7 % 13);
    for (int i = 0; i < 40; i++)
        labels[i] = -1;
    tiny_import(&tiny, data, "train", 40, features, labels);
    for (int i = 0; i < 2; i++)
        cli_fails(2, 3, "no row has a label", "baseline %s %s --bits 4 -o %s --force", learners[i], data,
                  model);
}

Test(cli_baseline, rows_and_anchors_must_exist_and_be_of_use)
{
    cli_fails(0, 2, "--rows 385: split train of", "baseline sph %s --bits 4 --rows 385 -o %s --force",
              tiny.data, model);
    cli_fails(2, 2, "--anchors 385: split train of", "baseline ksh %s --bits 4 --anchors 385 -o %s --force",
              tiny.data, model);
    cli_fails(0, 2, "--anchors", "baseline ksh %s --bits 4 --anchors 1 -o %s --force", tiny.data, model);
    cli_fails(0, 2, "sph has no anchors", "baseline sph %s --bits 4 --anchors 9 -o %s --force", tiny.data,
              model);
    cli_fails(0, 2, "sh is fitted to all rows", "baseline sh %s --bits 4 --rows 9 -o %s --force", tiny.data,
              model);
    cli_fails(0, 2, "'sdh-shen'", "baseline sdh-shem %s --bits 4 -o %s --force", tiny.data, model);
}

Test(cli_baseline, anchors_that_are_all_equal_are_refused)
{
    static float features[40 * TINY_DIM];
    static int32_t labels[40];
    char data[TINY_PATH_MAX];
    tiny_path(&tiny, "equal.h5", data);
    for (int i = 0; i < 40; i++)
        labels[i] = i % 2;
    features[39 * TINY_DIM] = 1.0f; /* not among the anchors of seed 1 */
    tiny_import(&tiny, data, "train", 40, features, labels);
    for (int i = 0; i < 2; i++)
        cli_fails(2, 3, "anchors are equal", "baseline %s %s --bits 4 --anchors 2 -o %s --force", learners[i],
                  data, model);
}

/* Models with other ends than linear ones: read by all that reads models, and trained by nothing. */
Test(cli_baseline, other_commands_take_the_models_of_all_methods_but_training_does_not)
{
    static const char *const methods[] = {"sh", "sph", "ksh"};
    static const char *const ends[] = {"cosine", "distance", "rbf"};
    char codes[TINY_PATH_MAX];
    tiny_path(&tiny, "codes.h5", codes);
    for (int i = 0; i < 3; i++) {
        struct cli_result result;
        cli_succeeds(0, "baseline %s %s --bits 16 --heads 2 -o %s --force", methods[i], tiny.data, model);
        cli_run(&result, 0, "info %s", model);
        cli_expect_success(&result);
        cr_assert(strstr(result.out, ends[i]), "%s", result.out);
        cli_free(&result);
        cli_succeeds(0, "check %s", model);
        cli_succeeds(2, "encode %s %s --split test -o %s --force", model, tiny.data, codes);
        cli_succeeds(0, "search %s %s -k 3", codes, codes);
        cli_fails(2, 2, "has no gradients to train it by", "train %s --run %s%d --init %s", tiny.config,
                  tiny.run, i, model);
    }
}

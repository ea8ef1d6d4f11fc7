#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/tiny.h"

/* `train` with parameters that start from the data. */
static struct tiny tiny;
static char other[TINY_PATH_MAX];

static void enter(void)
{
    tiny_init(&tiny);
    tiny_path(&tiny, "other", other);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_start, .init = enter, .fini = leave);

static const char said[] = "start from ITQ: quantization error per bit";

/* Trains and returns the digest of what came out; expects the start to be told, or not. */
static void train(int ranks, const char *run, const char *more, int starts, char digest[17])
{
    struct cli_result result;
    tiny_train(&tiny, &result, ranks, run, more);
    cli_expect_success(&result);
    cr_assert_eq(strstr(result.err, said) != NULL, starts, "%s", result.err);
    const char *model = strstr(result.err, "model.h5  digest ");
    cr_assert(model, "%s", result.err);
    snprintf(digest, 17, "%s", model + strlen("model.h5  digest "));
    cr_assert(strstr(model, ", eigenvectors by LAPACK on OpenBLAS "), "%s", model);
    cr_assert_not(strstr(result.err, "agree to rounding"), "%s", result.err);
    cli_free(&result);
}

Test(cli_start, a_continued_run_does_not_start_again_and_ends_in_the_same_bits)
{
    char whole[17], part[17], rest[17];
    train(0, tiny.run,
          "--set model.init=itq --set optimizer.schedule=constant "
          "--set optimizer.warmup_steps=0 --set data.validation=0 --set train.steps=12",
          1, whole);
    train(2, other,
          "--set model.init=itq --set optimizer.schedule=constant "
          "--set optimizer.warmup_steps=0 --set data.validation=0 --set train.steps=5",
          1, part);
    train(3, other,
          "--set model.init=itq --set optimizer.schedule=constant "
          "--set optimizer.warmup_steps=0 --set data.validation=0 --set train.steps=12",
          0, rest);
    cr_assert_str_neq(whole, part);
    cr_assert_str_eq(whole, rest);
}

Test(cli_start, every_start_trains)
{
    char pca[17], itq[17];
    struct cli_result result;
    tiny_train(&tiny, &result, 2, tiny.run, "--set train.steps=3");
    cli_expect_success(&result);
    cr_assert_not(strstr(result.err, said));
    cr_assert_not(strstr(result.err, "LAPACK"));
    cli_free(&result);
    cli_run(&result, 2, "train %s --run %s --set train.steps=3 --set model.init=pca", tiny.config, other);
    cli_expect_success(&result);
    const char *model = strstr(result.err, "model.h5  digest ");
    cr_assert(model, "%s", result.err);
    snprintf(pca, sizeof pca, "%s", model + strlen("model.h5  digest "));
    cli_free(&result);
    train(2, other, "--fresh --set train.steps=3 --set model.init=itq", 1, itq);
    cr_assert_str_neq(pca, itq);
}

Test(cli_start, a_model_to_start_from_goes_before_model_init)
{
    struct cli_result result;
    tiny_train_well(&tiny, 0, tiny.run, "--set train.steps=3");
    cli_run(&result, 2, "train %s --run %s --init %s/model.h5 --set train.steps=3 --set model.init=itq",
            tiny.config, other, tiny.run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "; model.init has no effect"), "%s", result.err);
    cr_assert_not(strstr(result.err, said));
    cr_assert_not(strstr(result.err, "LAPACK"));
    cli_free(&result);
}

Test(cli_start, a_start_that_is_unknown_is_a_configuration_error)
{
    tiny_train_refused(&tiny, "--set model.init=iqt", 2, "model.init");
}

Test(cli_start, rows_that_are_all_equal_give_no_start)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    char data[TINY_PATH_MAX], more[TINY_PATH_MAX + 100];
    tiny_rows(TINY_TRAIN, 1, features, labels);
    for (int i = 0; i < TINY_TRAIN * TINY_DIM; i++)
        features[i] = (float)(i % TINY_DIM);
    tiny_path(&tiny, "equal.h5", data);
    tiny_import(&tiny, data, "train", TINY_TRAIN, features, labels);
    snprintf(more, sizeof more, "--set data.file=%s --set model.init=pca", data);
    tiny_train_refused(&tiny, more, 3, "all rows are equal");
}

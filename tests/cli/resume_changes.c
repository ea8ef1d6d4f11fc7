#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/tiny.h"

/* Which changes a run that is continued accepts. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_resume_changes, .init = enter, .fini = leave);

Test(cli_resume_changes, a_changed_key_is_named)
{
    tiny_train_well(&tiny, 1, tiny.run, "--set train.epochs=1");
    tiny_train_refused(&tiny, "--set train.epochs=1 --set model.bits=4", 2, "model.bits");
    tiny_train_badly(&tiny, 1, "--set train.epochs=1 --set optimizer.lr=0.5", 2, "optimizer.lr");
}

Test(cli_resume_changes, more_epochs_are_accepted)
{
    struct cli_result result;
    tiny_train_well(&tiny, 2, tiny.run, "--set train.epochs=1");
    tiny_train(&tiny, &result, 2, tiny.run, "--set train.epochs=3");
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "from step 11 of 33"), "%s", result.err);
    cli_free(&result);
}

Test(cli_resume_changes, other_data_are_refused)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    tiny_train_well(&tiny, 1, tiny.run, "--set train.epochs=1");
    remove(tiny.data);
    tiny_rows(TINY_TRAIN, 7, features, labels);
    tiny_import(&tiny, tiny.data, "train", TINY_TRAIN, features, labels);
    tiny_train_refused(&tiny, "--set train.epochs=1", 2, "other data");
}

Test(cli_resume_changes, fresh_starts_over)
{
    struct cli_result result;
    tiny_train_well(&tiny, 1, tiny.run, "--set train.epochs=2");
    tiny_train(&tiny, &result, 1, tiny.run, "--set train.epochs=1 --set model.bits=4 --fresh");
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "new run"), "%s", result.err);
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 1);
    cli_free(&result);
}

Test(cli_resume_changes, init_starts_from_a_model)
{
    char whole[TINY_PATH_MAX], more[TINY_PATH_MAX + 100];
    struct cli_result result;
    tiny_path(&tiny, "whole", whole);
    tiny_train_well(&tiny, 1, whole, "");
    snprintf(more, sizeof more, "--init %s/model.h5 --set train.epochs=1", whole);
    tiny_train(&tiny, &result, 2, tiny.run, more);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "starting from"), "%s", result.err);
    cli_free(&result);
    tiny_train_badly(&tiny, 2, more, 2, "--fresh");
    snprintf(more, sizeof more, "--init %s/model.h5 --fresh --set model.bits=4", whole);
    tiny_train_badly(&tiny, 2, more, 2, "--init");
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 1, "a refused start removed the run");
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/long_run.h"

/* Runs that were cut off continue as if nothing had been. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_resume, .init = enter, .fini = leave);

Test(cli_resume, a_killed_run_continues_to_the_same_bits)
{
    char whole[TINY_PATH_MAX];
    tiny_path(&tiny, "whole", whole);
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        char more[300];
        snprintf(more, sizeof more, LONG_RUN " %s", ranks > 1 ? "--fresh" : "");
        tiny_train_well(&tiny, ranks, whole, more);
        long_run_kill(&tiny, ranks, LONG_RUN);
        tiny_train_well(&tiny, ranks, tiny.run, LONG_RUN);
        long_run_expect_same_model(tiny.run, whole);
        folder_remove(tiny.run);
    }
}

Test(cli_resume, a_killed_fast_run_continues_to_the_same_bits_on_as_many_ranks)
{
    char whole[TINY_PATH_MAX];
    tiny_path(&tiny, "whole", whole);
    tiny_train_well(&tiny, 3, whole, LONG_RUN " --set train.reduction=fast");
    long_run_kill(&tiny, 3, LONG_RUN " --set train.reduction=fast");
    tiny_train_well(&tiny, 3, tiny.run, LONG_RUN " --set train.reduction=fast");
    long_run_expect_same_model(tiny.run, whole);
}

Test(cli_resume, a_run_moves_to_other_numbers_of_ranks_and_to_the_same_bits)
{
    static const int moves[][2] = {{4, 1}, {1, 3}, {3, 2}};
    char whole[TINY_PATH_MAX];
    tiny_path(&tiny, "whole", whole);
    tiny_train_well(&tiny, 2, whole, LONG_RUN);
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        long_run_kill(&tiny, moves[i][0], LONG_RUN);
        struct cli_result result;
        tiny_train(&tiny, &result, moves[i][1], tiny.run, LONG_RUN);
        cli_expect_success(&result);
        cr_assert(strstr(result.err, "continuing"), "%s", result.err);
        cli_free(&result);
        long_run_expect_same_model(tiny.run, whole);
        folder_remove(tiny.run);
    }
}

/* A run that leaves three checkpoints, after steps 100, 200 and LONG_RUN_STEPS. */
#define THREE_CHECKPOINTS LONG_RUN " --set checkpoint.every_steps=100"

Test(cli_resume, a_damaged_checkpoint_is_passed_over_with_a_warning)
{
    char newest[TINY_PATH_MAX], whole[TINY_PATH_MAX];
    struct cli_result result;
    tiny_path(&tiny, "whole", whole);
    tiny_train_well(&tiny, 2, whole, LONG_RUN);
    tiny_train_well(&tiny, 2, tiny.run, THREE_CHECKPOINTS);
    tiny_checkpoints(tiny.run, newest);
    tiny_flip_byte(newest, 3000);
    tiny_train(&tiny, &result, 2, tiny.run, LONG_RUN);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, strrchr(newest, '/') + 1), "%s", result.err);
    cr_assert(strstr(result.err, "older checkpoint"), "%s", result.err);
    cr_assert(strstr(result.err, "from step 200 of 220"), "%s", result.err);
    cli_free(&result);
    long_run_expect_same_model(tiny.run, whole);
}

static void damage_all(void)
{
    static const int steps[] = {100, 200, LONG_RUN_STEPS};
    char path[TINY_PATH_MAX + 64];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        snprintf(path, sizeof path, "%s/checkpoints/step-%08d.h5", tiny.run, steps[i]);
        tiny_flip_byte(path, 3000);
    }
}

Test(cli_resume, no_good_checkpoint_is_an_error_and_nothing_is_lost)
{
    tiny_train_well(&tiny, 1, tiny.run, THREE_CHECKPOINTS);
    damage_all();
    tiny_train_refused(&tiny, LONG_RUN, 3, "--fresh");
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 3);
    tiny_train_well(&tiny, 1, tiny.run, "--fresh");
}

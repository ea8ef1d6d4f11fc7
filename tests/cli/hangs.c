#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/background.h"
#include "support/tiny.h"

/* A rank that stops for ever: the others say so and end. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_hangs, .init = enter, .fini = leave);

/* Of the first of two, every rank has heard. */
static int has_two_checkpoints(const void *unused)
{
    (void)unused;
    return tiny_checkpoints(tiny.run, NULL) >= 2;
}

static void stop_rank(int ranks, int rank)
{
    struct background job;
    struct cli_result result;
    background_start(&job, ranks,
                     "train %s --run %s --set train.epochs=100000 --set checkpoint.every_steps=50 "
                     "--set train.stall_minutes=0.1",
                     tiny.config, tiny.run);
    background_until(&job, has_two_checkpoints, NULL);
    background_signal(&job, rank, SIGSTOP);
    background_wait(&job, &result);
    cli_expect_error(&result, 6, "no progress");
    cr_assert(strstr(result.err, "to continue from the newest checkpoint"), "%s", result.err);
    cr_assert_lt(result.seconds, 45.0);
    cli_free(&result);
    cr_assert_gt(tiny_checkpoints(tiny.run, NULL), 0);
}

Test(cli_hangs, a_rank_that_hangs_ends_the_run)
{
    stop_rank(3, 1);
}

Test(cli_hangs, rank_0_may_be_the_one_that_hangs)
{
    stop_rank(2, 0);
}

static int has_begun(const void *unused)
{
    char path[TINY_PATH_MAX + 32];
    (void)unused;
    snprintf(path, sizeof path, "%s/metrics.jsonl", tiny.run);
    return tiny_exists(path);
}

Test(cli_hangs, before_its_first_checkpoint_a_hanging_run_does_not_promise_to_continue)
{
    struct background job;
    struct cli_result result;
    background_start(&job, 2,
                     "train %s --run %s --set train.epochs=100000 --set checkpoint.every_steps=0 "
                     "--set train.stall_minutes=0.05",
                     tiny.config, tiny.run);
    background_until(&job, has_begun, NULL);
    background_signal(&job, 1, SIGSTOP);
    background_wait(&job, &result);
    cli_expect_error(&result, 6, "no checkpoint yet: the same command starts over");
    cli_free(&result);
}

#include <criterion/criterion.h>
#include <signal.h>

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

static void stop_rank(int ranks, int rank)
{
    struct background job;
    struct cli_result result;
    background_start(&job, ranks,
                     "train %s --run %s --set train.epochs=100000 --set checkpoint.every_steps=50 "
                     "--set train.stall_minutes=0.1",
                     tiny.config, tiny.run);
    background_until(&job, tiny_has_a_checkpoint, &tiny);
    background_signal(&job, rank, SIGSTOP);
    background_wait(&job, &result);
    cli_expect_error(&result, 6, "no progress");
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

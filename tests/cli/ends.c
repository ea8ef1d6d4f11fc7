/* Each reason for which a run ends, of the whole program. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/background.h"
#include "support/tiny.h"

static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_ends, .init = enter, .fini = leave);

#define STILL    "--set optimizer.lr=1e-30 --set optimizer.weight_decay=0 --set optimizer.warmup_steps=0 "
#define EARLY    STILL "--set evaluate.early_stop=2 "
#define SETTLES  STILL "--set train.settle=0.5 --set train.settle_epochs=2 "
#define FOR_EVER "--set train.epochs=1000000 "

/* A run by `options`, before it a part of it by `first`; how it ends: status, a line, the step of its last
 * checkpoint (0: any). */
struct ending {
    const char *reason, *first, *options;
    int ranks, status;
    const char *line;
    int step;
};

static const struct ending endings[] = {
    {"steps", NULL, "--set train.steps=7", 2, 0, "finished: best validation mAP", 7},
    {"epochs", NULL, "--set train.epochs=2", 0, 0, "finished: best validation mAP", 22},
    {"more epochs, resumed", "--set train.epochs=1", "--set train.epochs=2", 0, 0, "from step 11 of 22", 22},
    {"early stop", NULL, EARLY, 0, 0, "stopping early: 2 evaluations without a better mAP", 33},
    {"early stop, resumed", EARLY "--set train.epochs=2", EARLY, 2, 0, "stopping early: 2 evaluations", 33},
    {"settled", NULL, SETTLES, 0, 0, "the objective has settled", 33},
    {"a time limit, resumed", "--set train.epochs=1", FOR_EVER "--max-hours 0.0001", 2, 75,
     "stopped before the time limit at step 12 of", 12},
};

Test(cli_ends, a_run_ends_for_each_reason_there_is)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const struct ending *e = &endings[i];
        struct cli_result result;
        char run[TINY_PATH_MAX], newest[TINY_PATH_MAX], wanted[64];
        snprintf(run, sizeof run, "%.300s/run%d", tiny.folder, (int)i);
        if (e->first)
            tiny_train_well(&tiny, e->ranks, run, e->first);
        tiny_train(&tiny, &result, e->ranks, run, e->options);
        cr_expect_eq(result.status, e->status, "%s: status %d: %s", e->reason, result.status, result.err);
        cr_expect_eq(result.error_lines, 0, "%s: %s", e->reason, result.err);
        cr_expect(strstr(result.err, e->line), "%s: %s", e->reason, result.err);
        snprintf(wanted, sizeof wanted, "step-%08d.h5", e->step);
        cr_expect_gt(tiny_checkpoints(run, newest), 0, "%s", e->reason);
        cr_expect(strstr(newest, wanted), "%s: %s", e->reason, newest);
        cli_free(&result);
    }
}

Test(cli_ends, a_run_ends_by_a_signal_and_when_continued_by_its_steps)
{
    struct background job;
    struct cli_result result;
    background_start(&job, 1, "train %s --run %s " FOR_EVER "--set checkpoint.every_steps=50", tiny.config,
                     tiny.run);
    background_until(&job, tiny_has_a_checkpoint, &tiny);
    background_signal(&job, 0, SIGTERM);
    background_wait(&job, &result);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cr_assert(strstr(result.err, "stopped on request at step "), "%s", result.err);
    cli_free(&result);
    tiny_train(&tiny, &result, 0, tiny.run, "--set train.steps=51");
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "continuing "), "%s", result.err);
    cr_assert(strstr(result.err, "finished: best validation mAP"), "%s", result.err);
    cli_free(&result);
}

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/background.h"
#include "support/folder.h"
#include "support/tiny.h"

#define FOR_EVER "--set train.epochs=1000000 --set checkpoint.every_steps=50"

static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_stop, .init = enter, .fini = leave);

static int is_under_way(const void *context)
{
    (void)context;
    return tiny_checkpoints(tiny.run, NULL) >= 2;
}

static void start(struct background *job, int ranks)
{
    background_start(job, ranks, "train %s --run %s " FOR_EVER, tiny.config, tiny.run);
    background_until(job, is_under_way, NULL);
}

static void expect_continues(int ranks)
{
    struct cli_result result;
    cli_run(&result, ranks, "train %s --run %s " FOR_EVER " --max-hours 0.0001", tiny.config, tiny.run);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cr_assert(strstr(result.err, "continuing"), "%s", result.err);
    cli_free(&result);
}

Test(cli_stop, ctrl_c_stops_with_a_checkpoint)
{
    struct background job;
    struct cli_result result;
    start(&job, 2);
    background_signal(&job, 1, SIGINT);
    background_wait(&job, &result);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cr_assert(strstr(result.err, "stopped on request"), "%s", result.err);
    cli_free(&result);
    expect_continues(2);
}

Test(cli_stop, ctrl_c_twice_stops_at_once)
{
    struct background job;
    struct cli_result result;
    start(&job, 2);
    background_signal(&job, 1, SIGSTOP); /* so that no step ends between the two */
    background_signal(&job, 0, SIGINT);
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    background_signal(&job, 0, SIGINT);
    background_wait(&job, &result);
    cr_assert_eq(result.status, 130, "status %d: %s", result.status, result.err);
    cr_assert_not(strstr(result.err, "stopped"), "%s", result.err);
    cli_free(&result);
    expect_continues(2);
}

Test(cli_stop, a_terminated_launcher_leaves_a_run_that_continues)
{
    struct background job;
    struct cli_result result;
    start(&job, 2);
    background_signal_launcher(&job, SIGTERM);
    background_wait(&job, &result);
    cr_assert_neq(result.status, 0); /* Open MPI's is 1 */
    cli_free(&result);
    expect_continues(2);
}

Test(cli_stop, max_hours_end_the_run_in_time)
{
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        struct cli_result result;
        cli_run(&result, ranks, "train %s --run %s --fresh " FOR_EVER " --max-hours 0.001", tiny.config,
                tiny.run);
        cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
        cr_assert_eq(result.error_lines, 0, "%s", result.err);
        cr_assert(strstr(result.err, "stopped before the time limit"), "%s", result.err);
        cr_assert_geq(tiny_checkpoints(tiny.run, NULL), 1);
        cli_free(&result);
    }
}

static void expect_in_metrics(const char *text)
{
    char path[TINY_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/metrics.jsonl", tiny.run);
    char *metrics = tiny_read(path, NULL);
    cr_assert(strstr(metrics, text), "'%s' is not in %s", text, metrics);
    free(metrics);
}

Test(cli_stop, a_job_is_reported_and_its_end_heeded)
{
    struct cli_result result;
    char end[32];
    snprintf(end, sizeof end, "%lld", (long long)time(NULL) + 15);
    setenv("SLURM_JOB_ID", "4711", 1);
    setenv("SLURM_ARRAY_JOB_ID", "4708", 1);
    setenv("SLURM_ARRAY_TASK_ID", "3", 1);
    setenv("SLURM_JOB_NODELIST", "node[1-2]", 1);
    setenv("SLURM_RESTART_COUNT", "2", 1);
    setenv("SLURM_JOB_END_TIME", end, 1);
    cli_run(&result, 0, "train %s --run %s " FOR_EVER, tiny.config, tiny.run);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cr_assert(strstr(result.err, "slurm: job 4708_3 on "), "%s", result.err);
    cr_assert(strstr(result.err, "stopped before the time limit"), "%s", result.err);
    cli_free(&result);
    expect_in_metrics(
        "{\"event\":\"slurm\",\"step\":0,\"job\":\"4708_3\",\"nodes\":\"node[1-2]\",\"restarts\":2,");
}

Test(cli_stop, an_end_that_is_over_is_ignored)
{
    struct cli_result result;
    setenv("SLURM_JOB_ID", "4711", 1);
    setenv("SLURM_JOB_END_TIME", "1000", 1);
    cli_run(&result, 0, "train %s --run %s --set train.epochs=1", tiny.config, tiny.run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "warning: SLURM_JOB_END_TIME"), "%s", result.err);
    cli_free(&result);
}

/* No epoch changes the objective by more than itself here, so the run ends with the fourth, whether it was
 * stopped between or not. */
Test(cli_stop, a_run_ends_when_its_objective_has_settled_also_when_it_was_continued)
{
#define SETTLES " --set train.settle=1 --set train.settle_epochs=3 --set train.epochs="
    struct cli_result result;
    char newest[TINY_PATH_MAX], whole[TINY_PATH_MAX];
    tiny_path(&tiny, "whole", whole);
    for (int stopped = 0; stopped < 2; stopped++) {
        const char *run = stopped ? tiny.run : whole;
        if (stopped)
            tiny_train_well(&tiny, 1, run, SETTLES "2");
        tiny_train(&tiny, &result, 2, run, SETTLES "9");
        cli_expect_success(&result);
        cr_assert(strstr(result.err, "objective has settled") && strstr(result.err, "last 3 epochs"), "%s",
                  result.err);
        cr_assert_geq(tiny_checkpoints(run, newest), 1);
        cr_assert(strstr(newest, "step-00000044.h5"), "%s", newest);
        cli_free(&result);
    }
    tiny_train(&tiny, &result, 2, whole, SETTLES "9 --set train.settle=0");
    cli_expect_success(&result);
    cr_assert_geq(tiny_checkpoints(whole, newest), 1);
    cr_assert(strstr(newest, "step-00000099.h5"), "%s", newest);
    cli_free(&result);
}

Test(cli_stop, max_hours_must_be_a_number)
{
    struct cli_result result;
    cli_run(&result, 0, "train %s --run %s --max-hours soon", tiny.config, tiny.run);
    cli_expect_error(&result, 2, "--max-hours");
    cli_free(&result);
}

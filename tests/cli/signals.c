#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/long_run.h"

/* A run that is asked by a signal writes a checkpoint or stops whole; nobody else takes the folder it uses.
 */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_signals, .init = enter, .fini = leave);

static int has_step_events(const void *context)
{
    char path[TINY_PATH_MAX + 32];
    (void)context;
    snprintf(path, sizeof path, "%s/metrics.jsonl", tiny.run);
    if (!tiny_exists(path))
        return 0;
    char *text = tiny_read(path, NULL);
    int found = strstr(text, "\"epoch\"") != NULL;
    free(text);
    return found;
}

Test(cli_signals, usr1_writes_a_checkpoint_and_the_run_goes_on)
{
    struct background job;
    struct cli_result result;
    background_start(&job, 3, "train %s --run %s --set train.epochs=1000000", tiny.config, tiny.run);
    background_until(&job, has_step_events, NULL);
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 0);
    background_signal(&job, 1, SIGUSR1);
    background_until(&job, tiny_has_a_checkpoint, &tiny);
    background_signal(&job, 2, SIGUSR2);
    background_wait(&job, &result);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cr_assert_eq(result.error_lines, 0, "%s", result.err);
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 2);
    cli_free(&result);
}

Test(cli_signals, usr2_and_term_stop_with_75_and_the_run_continues)
{
    static const int signals[] = {SIGUSR2, SIGTERM};
    char whole[TINY_PATH_MAX];
    tiny_path(&tiny, "whole", whole);
    tiny_train_well(&tiny, 2, whole, LONG_RUN);
    for (int i = 0; i < 2; i++) {
        struct background job;
        struct cli_result result;
        long_run_start(&job, &tiny, 2, LONG_RUN);
        background_signal(&job, i, signals[i]);
        background_wait(&job, &result);
        cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
        cr_assert_eq(result.error_lines, 0, "%s", result.err);
        cli_free(&result);
        tiny_train_well(&tiny, 2, tiny.run, LONG_RUN);
        long_run_expect_same_model(tiny.run, whole);
        folder_remove(tiny.run);
    }
}

Test(cli_signals, a_run_folder_in_use_is_refused)
{
    struct background job;
    struct cli_result result;
    background_start(&job, 1, "train %s --run %s --set train.epochs=1000000", tiny.config, tiny.run);
    background_until(&job, has_step_events, NULL);
    tiny_train_refused(&tiny, "", 2, "in use by process");
    background_signal(&job, 0, SIGUSR2);
    background_wait(&job, &result);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cli_free(&result);
}

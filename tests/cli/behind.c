#include <criterion/criterion.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"
#include "support/long_run.h"

/* A checkpoint that is written behind the steps is as safe as one that is waited for, whenever something goes
 * wrong: with support/disturb.c in the program. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_behind, .init = enter, .fini = leave);

/* In runs that are started until it is ended. 0: it can't be preloaded here. */
static int disturb(const char *what)
{
    if (!TEST_DISTURB[0]) {
        cr_log_info("nothing can be preloaded before a sanitizer: disturbances are not tried");
        return 0;
    }
    setenv("BITLOOM_TEST_DISTURB", what, 1);
    setenv("LD_PRELOAD", TEST_DISTURB, 1);
    return 1;
}

static void end_disturbance(void)
{
    unsetenv("LD_PRELOAD");
    unsetenv("BITLOOM_TEST_DISTURB");
}

static void check_well(const char *path)
{
    struct cli_result result;
    cli_run(&result, 0, "check %s", path);
    cli_expect_success(&result);
    cli_free(&result);
}

static void expect_whole(void)
{
    char newest[TINY_PATH_MAX];
    cr_assert_gt(tiny_checkpoints(tiny.run, newest), 0);
    check_well(newest);
}

static int count_temporaries(void)
{
    char pattern[TINY_PATH_MAX + 32];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/checkpoints/*.part", tiny.run);
    const int n = glob(pattern, 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
    globfree(&found);
    return n;
}

static char *metrics(void)
{
    char path[TINY_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/metrics.jsonl", tiny.run);
    return tiny_read(path, NULL);
}

#define OFTEN LONG_RUN " --set checkpoint.every_steps=20 --set checkpoint.keep=1"

/* Killed at `what`, there is a whole checkpoint, and the run goes on from it as if nothing had been. */
static void expect_survives(const char *what, int ranks, int temporaries, int checkpoints, const char *whole)
{
    struct cli_result result;
    disturb(what);
    /* Nobody else has anything to say: Open MPI's launcher needn't wait for it. */
    setenv("OMPI_MCA_odls_base_sigkill_timeout", "0", 1);
    tiny_train(&tiny, &result, ranks, tiny.run, OFTEN);
    unsetenv("OMPI_MCA_odls_base_sigkill_timeout");
    end_disturbance();
    cr_assert_neq(result.status, 0, "'%s' never came", what);
    cr_expect_eq(count_temporaries(), temporaries, "%d temporaries after '%s'", count_temporaries(), what);
    cr_expect_eq(tiny_checkpoints(tiny.run, NULL), checkpoints, "%d checkpoints after '%s'",
                 tiny_checkpoints(tiny.run, NULL), what);
    cli_free(&result);
    expect_whole();
    tiny_train(&tiny, &result, ranks, tiny.run, OFTEN);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "continuing"), "%s", result.err);
    cli_free(&result);
    cr_expect_eq(count_temporaries(), 0);
    long_run_expect_same_model(tiny.run, whole);
    folder_remove(tiny.run);
}

struct moment {
    const char *what;
    int ranks, temporaries, checkpoints;
};

static void expect_survives_all(const struct moment *moments, size_t n)
{
    char whole[TINY_PATH_MAX];
    if (!disturb("no thing 0 0"))
        return;
    end_disturbance();
    tiny_path(&tiny, "whole", whole);
    tiny_train_well(&tiny, 2, whole, LONG_RUN);
    for (size_t i = 0; i < n; i++)
        expect_survives(moments[i].what, moments[i].ranks, moments[i].temporaries, moments[i].checkpoints,
                        whole);
}

/* HDF5 writes a dozen times when it makes a file, once when a rank closes it, and some when it marks it
 * complete. */
Test(cli_behind, a_kill_while_the_file_is_made_costs_no_older_checkpoint_and_no_bit)
{
    static const struct moment moments[] = {
        {"make kill 22 0", 1, 1, 1}, {"make kill 31 0", 3, 1, 1},   {"make kill 2 2", 3, 1, 1},
        {"make kill 36 0", 3, 1, 1}, {"reserve kill 2 0", 3, 1, 1},
    };
    expect_survives_all(moments, sizeof moments / sizeof *moments);
}

Test(cli_behind, a_kill_while_it_is_written_does_not_either)
{
    static const struct moment moments[] = {
        {"write kill 100 0", 1, 1, 1},
        {"write kill 30 1", 3, 1, 1},
        {"sync kill 2 2", 3, 1, 1},
        {"check kill 60 1", 3, 1, 1},
    };
    expect_survives_all(moments, sizeof moments / sizeof *moments);
}

Test(cli_behind, a_kill_while_it_gets_its_name_does_not_either)
{
    static const struct moment moments[] = {
        {"rename kill 3 0", 3, 1, 1},
        {"named kill 3 0", 1, 0, 2},
        {"named kill 2 0", 3, 0, 2},
        {"remove kill 2 0", 3, 0, 2},
    };
    expect_survives_all(moments, sizeof moments / sizeof *moments);
}

/* `what` in the second checkpoint ends the run on all ranks; the first stays. */
static void expect_ends(const char *what, int ranks, const char *text)
{
    struct cli_result result;
    if (!disturb(what))
        return;
    tiny_train(&tiny, &result, ranks, tiny.run, OFTEN);
    end_disturbance();
    cli_expect_error(&result, 4, text);
    cli_free(&result);
    cr_expect_eq(count_temporaries(), 0, "something half-written was left after '%s'", what);
    expect_whole();
    folder_remove(tiny.run);
}

Test(cli_behind, a_disk_that_is_full_when_the_file_is_made_is_one_error_on_all_ranks)
{
    expect_ends("make full 22 0", 3, "full");
    expect_ends("reserve full 2 0", 1, "quota is full");
    expect_ends("reserve full 2 0", 3, "quota is full");
    expect_ends("make full 31 0", 3, "full");
    expect_ends("make full 2 2", 3, "full");
    expect_ends("make full 34 0", 3, "full");
}

Test(cli_behind, a_disk_that_is_full_behind_the_steps_is_one_error_on_all_ranks)
{
    expect_ends("write full 60 0", 1, "full");
    expect_ends("write full 25 1", 3, "full");
    expect_ends("write full 45 0", 3, "full");
    expect_ends("sync full 3 0", 1, "No space left");
    expect_ends("sync full 2 2", 3, "No space left");
}

Test(cli_behind, a_byte_that_the_disk_turns_over_is_noticed)
{
    expect_ends("write flip 60 0", 1, "reads back differently");
    expect_ends("write flip 15 2", 3, "reads back differently");
    expect_ends("make flip 22 0", 3, "reads back differently");
}

/* Events in the order in which they were told. */
static void expect_order(const char *first, const char *second)
{
    char *text = metrics();
    const char *a = strstr(text, first), *b = strstr(text, second);
    cr_expect(a && b && a < b, "not first '%s', then '%s': %s", first, second, text);
    free(text);
}

static const char checkpoint_15[] = "{\"event\":\"checkpoint\",\"step\":15,";

/* And change what it was made of: the digest of the parameters tells whose they are. */
Test(cli_behind, steps_go_on_while_a_checkpoint_is_written)
{
    static const char more[] = "--set train.steps=22 --set checkpoint.every_steps=15 --set log.every_steps=1";
    static const char step_16[] = "{\"event\":\"step\",\"step\":16,";
    char waited[200], path[TINY_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/checkpoints/step-00000015.h5", tiny.run);
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        if (!disturb("write sleep 10 -1"))
            return;
        tiny_train_well(&tiny, ranks, tiny.run, more);
        expect_order(step_16, checkpoint_15);
        /* An evaluation takes long: what is on its way arrives before. */
        expect_order(checkpoint_15, "{\"event\":\"evaluation\",\"step\":22,");
        check_well(path);
        snprintf(waited, sizeof waited, "%s --set checkpoint.behind=false --fresh", more);
        tiny_train_well(&tiny, ranks, tiny.run, waited);
        expect_order(checkpoint_15, step_16);
        end_disturbance();
        folder_remove(tiny.run);
    }
}

Test(cli_behind, one_that_is_due_while_another_is_written_waits_for_it)
{
    if (!disturb("sync sleep 200 -1"))
        return;
    tiny_train_well(&tiny, 2, tiny.run, "--set train.steps=15 --set checkpoint.every_steps=5");
    end_disturbance();
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 3);
    expect_order("{\"event\":\"checkpoint\",\"step\":5,", "{\"event\":\"checkpoint\",\"step\":10,");
    expect_order("{\"event\":\"checkpoint\",\"step\":10,", checkpoint_15);
    expect_whole();
}

static int has_an_epoch(const void *context)
{
    (void)context;
    char path[TINY_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/metrics.jsonl", tiny.run);
    char *text = tiny_exists(path) ? tiny_read(path, NULL) : NULL;
    const int found = text && strstr(text, "\"event\":\"epoch\"");
    free(text);
    return found;
}

Test(cli_behind, one_arrives_by_steps_alone)
{
    struct background job;
    struct cli_result result;
    background_start(
        &job, 3,
        "train %s --run %s --set train.epochs=1000000 --set data.validation=0 --set checkpoint.every_steps=0",
        tiny.config, tiny.run);
    background_until(&job, has_an_epoch, NULL);
    background_signal(&job, 1, SIGUSR1);
    background_until(&job, tiny_has_a_checkpoint, &tiny);
    background_signal(&job, 2, SIGUSR2);
    background_wait(&job, &result);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cli_free(&result);
}

static int has_a_temporary(const void *context)
{
    (void)context;
    return count_temporaries() > 0;
}

Test(cli_behind, a_stop_while_one_is_written_leaves_both)
{
    struct background job;
    struct cli_result result;
    static const char more[] = "--set train.epochs=1000000 --set checkpoint.every_minutes=0.005";
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        if (!disturb("sync sleep 500 -1"))
            return;
        background_start(&job, ranks, "train %s --run %s %s", tiny.config, tiny.run, more);
        background_until(&job, has_a_temporary, NULL);
        cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 0);
        background_signal(&job, ranks - 1, SIGUSR2);
        background_wait(&job, &result);
        end_disturbance();
        cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
        cr_assert_eq(result.error_lines, 0, "%s", result.err);
        cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 2);
        cr_expect_eq(count_temporaries(), 0);
        expect_whole();
        cli_free(&result);
        folder_remove(tiny.run);
    }
}

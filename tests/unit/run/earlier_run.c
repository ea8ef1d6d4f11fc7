/* Starts in a folder that holds something already: what took training to make goes only when asked, and a start
 * that comes to nothing leaves nothing. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/own_run.h"

TestSuite(earlier_run, .init = own_run_enter, .fini = own_run_leave);

#define SHORT "train.epochs=1"
#define OTHER "train.epochs=1;model.bits=4"

static int has(const char *run, const char *file)
{
    char path[2 * OWN_RUN_PATH];
    own_run_path(run, file, path);
    return access(path, F_OK) == 0;
}

static char *read_all(const char *run, const char *file, long *n)
{
    char path[2 * OWN_RUN_PATH];
    own_run_path(run, file, path);
    FILE *in = fopen(path, "rb");
    cr_assert(in, "can't read %s", path);
    fseek(in, 0, SEEK_END);
    *n = ftell(in);
    rewind(in);
    char *bytes = calloc(1, (size_t)*n + 1);
    cr_assert(bytes && fread(bytes, 1, (size_t)*n, in) == (size_t)*n);
    fclose(in);
    return bytes;
}

static void write_all(const char *run, const char *file, const char *text)
{
    char path[2 * OWN_RUN_PATH];
    own_run_path(run, file, path);
    FILE *out = fopen(path, "wb");
    cr_assert(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

static void shell(const char *format, const char *run)
{
    char command[2 * OWN_RUN_PATH + 200], path[2 * OWN_RUN_PATH];
    own_run_path(run, "", path);
    snprintf(command, sizeof command, format, path);
    cr_assert_eq(system(command), 0, "%s", command);
}

/* What a file holds must be the same after something was tried. */
static struct {
    char *bytes;
    long n;
} held;

static void hold(const char *run, const char *file)
{
    free(held.bytes);
    held.bytes = read_all(run, file, &held.n);
}

static int is_held(const char *run, const char *file)
{
    long n;
    char *now = read_all(run, file, &n);
    const int same = n == held.n && memcmp(now, held.bytes, (size_t)n) == 0;
    free(now);
    return same;
}

static void train_without_checkpoints(const char *run)
{
    cr_assert_eq(own_run_train(run, SHORT), BL_OK, "%s", own_run_err.what);
    shell("rm %s/checkpoints/*", run);
}

Test(earlier_run, a_finished_model_without_a_checkpoint_is_not_replaced_unasked)
{
    train_without_checkpoints("run");
    hold("run", "model.h5");
    cr_assert_eq(own_run_train("run", SHORT), BL_USAGE);
    cr_assert(strstr(own_run_err.what, "holds a finished model and no checkpoint; --fresh to start over"),
              "%s", own_run_err.what);
    cr_assert_eq(own_run_train("run", OTHER), BL_USAGE);
    cr_assert(is_held("run", "model.h5"));
    cr_assert_eq(own_run_events("run", "end"), 1);
    cr_assert(own_run_log_has("run", "finished: best validation mAP"));
}

Test(earlier_run, a_finished_run_whose_model_was_moved_away_keeps_its_curves)
{
    train_without_checkpoints("run");
    shell("rm %s/model.h5", "run");
    hold("run", "metrics.jsonl");
    cr_assert_eq(own_run_train("run", SHORT), BL_USAGE);
    cr_assert(strstr(own_run_err.what, "holds a finished run and no checkpoint"), "%s", own_run_err.what);
    cr_assert(is_held("run", "metrics.jsonl"));
}

Test(earlier_run, a_model_that_was_copied_there_is_not_replaced_and_with_fresh_kept)
{
    train_without_checkpoints("from");
    shell("mkdir %s && cp %1$s/../from/model.h5 %1$s/../from/config.yaml %1$s", "run");
    hold("from", "model.h5");
    cr_assert_eq(own_run_train("run", OTHER), BL_USAGE);
    cr_assert(is_held("run", "model.h5") && !has("run", "checkpoints"));
    cr_assert_eq(own_run_train_from("run", OTHER, NULL, 1), BL_OK, "%s", own_run_err.what);
    cr_assert(is_held("run", "model-kept.h5") && !is_held("run", "model.h5"));
    hold("from", "config.yaml");
    cr_assert(is_held("run", "config-before.yaml") && !is_held("run", "config.yaml"));
}

Test(earlier_run, with_fresh_the_old_model_stays_until_the_new_run_has_finished)
{
    cr_assert_eq(own_run_train("run", SHORT), BL_OK);
    hold("run", "model.h5");
    own_run_deadline.stop_at = OWN_RUN_PER_EPOCH + 1;
    cr_assert_eq(own_run_train_from("run", "train.epochs=3;model.bits=4", NULL, 1), BL_STOPPED);
    cr_assert(is_held("run", "model-before.h5") && has("run", "model.h5"));
    /* Afresh once more: the model of the run that hadn't finished doesn't take its place. */
    own_run_deadline.stop_at = OWN_RUN_PER_EPOCH + 1;
    cr_assert_eq(own_run_train_from("run", "train.epochs=3;model.bits=2", NULL, 1), BL_STOPPED);
    cr_assert(is_held("run", "model-before.h5"));
    own_run_deadline.stop_at = -1;
    cr_assert_eq(own_run_train("run", "train.epochs=3;model.bits=2"), BL_OK);
    cr_assert(!has("run", "model-before.h5") && !is_held("run", "model.h5"));
}

Test(earlier_run, a_model_to_start_from_may_be_that_of_the_folder_and_is_kept)
{
    char init[2 * OWN_RUN_PATH];
    train_without_checkpoints("run");
    own_run_path("run", "model.h5", init);
    hold("run", "model.h5");
    for (int i = 0; i < 2; i++)
        cr_assert_eq(own_run_train_from("run", SHORT, init, 1), BL_OK, "%s", own_run_err.what);
    cr_assert(own_run_log_has("run", "is now"));
    cr_assert(is_held("run", "model-kept.h5") && has("run", "model-kept-2.h5"));
    cr_assert(has("run", "model.h5") && !has("run", "model-before.h5"));
}

/* As a kill after the first evaluation, before the first checkpoint, leaves it. */
static void leave_unfinished(void)
{
    train_without_checkpoints("run");
    shell("sed -i '/\"checkpoint\"\\|\"summary\"\\|\"end\"/d' %s/metrics.jsonl", "run");
    shell("echo '2026-01-01T00:00:00+0000 warning: a lost node' >> %s/train.log", "run");
    hold("run", "model.h5");
}

Test(earlier_run, a_run_that_was_killed_before_its_first_checkpoint_begins_again)
{
    leave_unfinished();
    cr_assert_eq(own_run_train("run", OTHER), BL_USAGE);
    cr_assert(strstr(own_run_err.what, "model.bits"), "%s", own_run_err.what);
    own_run_deadline.stop_at = 1;
    cr_assert_eq(own_run_train("run", SHORT), BL_STOPPED, "%s", own_run_err.what);
    cr_assert(is_held("run", "model-before.h5"));
    cr_assert_eq(own_run_events("run", "start"), 1);
    cr_assert(own_run_log_has("run", "warning: a lost node") && !own_run_log_has("run", "finished"));
}

Test(earlier_run, curves_of_a_run_whose_checkpoints_were_removed_are_kept)
{
    own_run_deadline.stop_at = 2;
    cr_assert_eq(own_run_train("run", SHORT), BL_STOPPED);
    own_run_deadline.stop_at = -1;
    shell("rm %s/checkpoints/*", "run");
    hold("run", "metrics.jsonl");
    cr_assert_eq(own_run_train("run", SHORT), BL_OK, "%s", own_run_err.what);
    cr_assert(is_held("run", "metrics-before.jsonl"));
    cr_assert(own_run_log_has("run", "stopped"));
}

Test(earlier_run, files_of_other_programs_stay)
{
    shell("mkdir %s", "run");
    write_all("run", "train.log", "theirs\n");
    write_all("run", "config.yaml", "theirs: 1\n");
    write_all("run", "metrics.jsonl", "{\"loss\": 1}\n");
    for (int fresh = 0; fresh < 2; fresh++) {
        cr_assert_eq(own_run_train_from("run", SHORT, NULL, fresh), BL_USAGE);
        cr_assert(strstr(own_run_err.what, "was not written by a run of bitloom"), "%s", own_run_err.what);
    }
    shell("rm %s/metrics.jsonl && mkdir %1$s/checkpoints && touch %1$s/checkpoints/step-1.h5.part", "run");
    shell("cd %s/checkpoints && touch step-2.h5 step-00000003.h5.part.copy step-4.h5.damaged", "run");
    cr_assert_eq(own_run_train_from("run", SHORT, NULL, 1), BL_OK, "%s", own_run_err.what);
    cr_assert(own_run_log_has("run", "theirs\n") && has("run", "config-before.yaml"));
    cr_assert(has("run", "checkpoints/step-1.h5.part") && has("run", "checkpoints/step-2.h5"));
    cr_assert(has("run", "checkpoints/step-00000003.h5.part.copy"));
    cr_assert(has("run", "checkpoints/step-4.h5.damaged"));
}

Test(earlier_run, a_start_that_comes_to_nothing_leaves_nothing)
{
    static const char *const starts[][2] = {{"data.file=absent.h5", NULL},
                                            {"data.file=bad.h5", NULL},
                                            {"train.global_batch=4096", NULL},
#ifndef __SANITIZE_ADDRESS__ /* which ends a program that asks for so much */
                                            {"model.hidden=16777216, 16777216", NULL},
#endif
                                            {SHORT, "absent.h5"}};
    shell("mkdir %s", "there");
    write_all("there", "mine.txt", "mine\n");
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        char sets[100];
        const int is_list = strstr(starts[i][0], "hidden") != NULL;
        snprintf(sets, sizeof sets, is_list ? "model.hidden=[16777216, 16777216]" : "%s", starts[i][0]);
        cr_assert_neq(own_run_train_from("new/runs/run", sets, starts[i][1], 0), BL_OK);
        cr_assert_not(has("new", ""), "start %zu", i);
        cr_assert_neq(own_run_train_from("there", sets, starts[i][1], 1), BL_OK);
        shell("test \"$(ls -A %s)\" = mine.txt", "there");
    }
}

Test(earlier_run, in_a_folder_with_a_run_a_failed_start_says_why_in_its_log)
{
    cr_assert_eq(own_run_train("run", SHORT), BL_OK);
    cr_assert_neq(own_run_train_from("run", "data.file=absent.h5", NULL, 1), BL_OK);
    cr_assert(own_run_log_has("run", "absent.h5: No such file") && own_run_log_has("run", "finished"));
    cr_assert(has("run", "model.h5"));
}

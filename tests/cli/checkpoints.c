#include <criterion/criterion.h>
#include <hdf5.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "mpi/h5/attribute.h"
#include "mpi/h5/file.h"
#include "support/folder.h"
#include "support/long_run.h"

/* The newest whole checkpoint is never at risk, and what a continued run tells has neither gaps nor repeats.
 */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
    h5_quiet();
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_checkpoints, .init = enter, .fini = leave);

static void path_in_run(const char *name, char path[TINY_PATH_MAX + 64])
{
    snprintf(path, TINY_PATH_MAX + 64, "%s/%s", tiny.run, name);
}

static char *read_in_run(const char *run, const char *name)
{
    char path[TINY_PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", run, name);
    return tiny_read(path, NULL);
}

static int exists_in_run(const char *name)
{
    char path[TINY_PATH_MAX + 64];
    path_in_run(name, path);
    return tiny_exists(path);
}

static void expect_in_log(const char *text)
{
    char *log = read_in_run(tiny.run, "train.log");
    cr_expect(strstr(log, text), "'%s' is not in: %s", text, log);
    free(log);
}

static void expect_whole(const char *path)
{
    struct cli_result result;
    cli_run(&result, 0, "check %s", path);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, ": intact"), "%s", result.out);
    cli_free(&result);
}

Test(cli_checkpoints, a_damaged_one_is_not_kept_in_the_place_of_a_whole_one)
{
    char newest[TINY_PATH_MAX];
    tiny_train_well(&tiny, 1, tiny.run, "--set train.steps=20 --set checkpoint.every_steps=5");
    tiny_checkpoints(tiny.run, newest);
    tiny_flip_byte(newest, 3000);
    cli_fails(0, 3, "step-00000015.h5 is intact", "check %s", newest);
    tiny_train_well(&tiny, 2, tiny.run,
                    "--set train.steps=19 --set checkpoint.every_steps=1 --set checkpoint.keep=1");
    cr_assert_eq(tiny_checkpoints(tiny.run, newest), 1);
    cr_assert(strstr(newest, "step-00000019.h5"), "%s", newest);
    expect_whole(newest);
    cr_assert(exists_in_run("checkpoints/step-00000020.h5.damaged"));
    expect_in_log("step-00000020.h5: ");
    expect_in_log("trying an older checkpoint");
    tiny_train_well(&tiny, 1, tiny.run, "--set train.steps=5 --fresh");
    cr_assert(!exists_in_run("checkpoints/step-00000020.h5.damaged"));
}

/* As if what was written had not been what the step left: every checksum fits. */
static void set_number(const char *path, const char *name, int64_t value)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    hid_t numbers = H5Gopen2(file, "numbers", H5P_DEFAULT);
    cr_assert_eq(h5_put_integer(numbers, name, value), 0);
    H5Gclose(numbers);
    cr_assert_geq(H5Fclose(file), 0);
}

static void remove_number(const char *path, const char *name)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(H5Adelete_by_name(file, "numbers", name, H5P_DEFAULT), 0);
    cr_assert_geq(H5Fclose(file), 0);
}

Test(cli_checkpoints, other_parameters_than_were_written_and_missing_numbers_are_passed_over)
{
    static const char more[] = "--set train.steps=20 --set checkpoint.every_steps=5";
    char path[TINY_PATH_MAX + 64];
    struct cli_result result;
    tiny_train_well(&tiny, 1, tiny.run, more);
    path_in_run("checkpoints/step-00000020.h5", path);
    set_number(path, "params_digest", 1);
    cli_fails(0, 3, "its parameters don't have the digest", "check %s", path);
    path_in_run("checkpoints/step-00000015.h5", path);
    remove_number(path, "best_step");
    cli_fails(0, 3, "the number best_step is missing", "check %s", path);
    tiny_train(&tiny, &result, 3, tiny.run, more);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "from step 10 of 20"), "%s", result.err);
    cli_free(&result);
}

Test(cli_checkpoints, what_a_killed_run_left_half_written_is_removed)
{
    char path[TINY_PATH_MAX + 64];
    tiny_train_well(&tiny, 1, tiny.run, "--set train.steps=5");
    path_in_run("checkpoints/step-00000004.h5.part", path);
    tiny_write(path, "x", 1);
    path_in_run("checkpoints/step-00000004.h5.part.locktest.0", path);
    tiny_write(path, "x", 1);
    tiny_train_well(&tiny, 1, tiny.run, "--set train.steps=6");
    cr_assert(!exists_in_run("checkpoints/step-00000004.h5.part"));
    cr_assert(!exists_in_run("checkpoints/step-00000004.h5.part.locktest.0"));
}

/* Gaps and repeats */

/* The members of step and epoch events that don't depend on time, one event a line. free() it. */
static char *curves(const char *run)
{
    char *text = read_in_run(run, "metrics.jsonl");
    size_t n = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        const char *last = strstr(line, "}");
        if ((!strstr(line, "\"event\":\"step\"") && !strstr(line, "\"event\":\"epoch\"")) || !last)
            continue;
        const size_t bytes = (size_t)(last - line);
        memmove(text + n, line, bytes);
        n += bytes;
        text[n++] = '\n';
    }
    text[n] = '\0';
    return text;
}

static void append(const char *name, const char *text)
{
    char path[TINY_PATH_MAX + 64];
    path_in_run(name, path);
    FILE *file = fopen(path, "a");
    cr_assert(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

static void expect_every_epoch_once(void)
{
    char *log = read_in_run(tiny.run, "train.log");
    int epoch = 0;
    for (const char *at = log; (at = strstr(at, " epoch ")); at++) {
        if (strcspn(at, "/") < strcspn(at, "\n") && strstr(at, "s in steps") &&
            strcspn(strstr(at, "s in steps"), "\n") < 20)
            cr_assert_eq(atoi(at + 7), ++epoch, "%s", log);
    }
    cr_assert_eq(epoch, LONG_RUN_STEPS / 11, "%s", log);
    free(log);
}

static int count_in_log(const char *text)
{
    char *log = read_in_run(tiny.run, "train.log");
    int n = 0;
    for (const char *at = log; (at = strstr(at, text)); at++)
        n++;
    free(log);
    return n;
}

static void expect_no_gap(int every)
{
    char whole[TINY_PATH_MAX], more[200], line[40];
    snprintf(more, sizeof more, LONG_RUN " --set log.every_steps=%d", every);
    tiny_path(&tiny, "whole", whole);
    tiny_train_well(&tiny, 2, whole, more);
    long_run_kill(&tiny, 2, more);
    /* Also what the kill left no time for. */
    append("metrics.jsonl", "{\"event\":\"step\",\"step\":109}\n{\"event\":\"st");
    append("train.log", "2026-01-01T00:00:00+0000 epoch 10/10  step 110  0.1 s in steps\n"
                        "2026-01-01T00:00:00+0000 error: this is why\n");
    tiny_train_well(&tiny, 2, tiny.run, more);
    char *expected = curves(whole), *found = curves(tiny.run);
    cr_assert_str_eq(found, expected);
    int n = 0;
    for (const char *at = found; (at = strstr(at, "\"event\":\"step\",")); at++, n++) {
        snprintf(line, sizeof line, "\"step\":%d,", every * (n + 1));
        cr_assert_eq(strncmp(strstr(at, "\"step\":"), line, strlen(line)), 0, "not %s: %.80s", line, at);
    }
    cr_assert_eq(n, LONG_RUN_STEPS / every);
    free(expected);
    free(found);
    expect_every_epoch_once();
    cr_assert_eq(count_in_log(" continuing "), 1);
    cr_assert_eq(count_in_log(" error: this is why\n"), 1);
    folder_remove(tiny.run);
    folder_remove(whole);
}

Test(cli_checkpoints, a_killed_run_leaves_neither_gaps_nor_repeats_in_curves_and_log)
{
    expect_no_gap(1);
    expect_no_gap(7);
}

/* A full disk */

static int mount_disk(int kib, unsigned long flags)
{
    char options[40];
    snprintf(options, sizeof options, "size=%dk", kib);
    return mount("bitloom-test", tiny.run, "tmpfs", flags, options) == 0;
}

/* There is room for one checkpoint, not for a second beside it; then there is. */
static int fill_disk(int kib, int ranks)
{
    static const char more[] = "--set train.steps=12 --set checkpoint.every_steps=5 --set checkpoint.keep=1";
    struct cli_result result;
    char newest[TINY_PATH_MAX];
    cr_assert(mount_disk(kib, 0));
    tiny_train(&tiny, &result, ranks, tiny.run, more);
    const int whole = tiny_checkpoints(tiny.run, newest);
    if (result.status != 0) {
        cli_expect_error(&result, 4, "");
        cr_assert(strstr(result.err, "full") || strstr(result.err, "No space left"), "%s", result.err);
        if (whole) {
            cr_assert_eq(whole, 1);
            expect_whole(newest);
            expect_in_log("error: ");
            cr_assert(mount_disk(4096, MS_REMOUNT));
            tiny_train_well(&tiny, ranks, tiny.run, more);
        }
    }
    cli_free(&result);
    umount2(tiny.run, MNT_DETACH);
    return whole;
}

Test(cli_checkpoints, a_full_disk_leaves_the_older_one_and_the_run_continues_once_there_is_room)
{
    int survived = 0;
    cr_assert_eq(mkdir(tiny.run, 0777), 0);
    if (!mount_disk(64, 0)) {
        cr_log_warn("no small disk can be mounted here: a full disk is not tried");
        return;
    }
    umount2(tiny.run, MNT_DETACH);
    for (int kib = 76; kib <= 108; kib += 16)
        survived += fill_disk(kib, kib == 92 ? 1 : 3);
    cr_assert_gt(survived, 0, "no disk had room for one checkpoint only");
}

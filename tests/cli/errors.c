#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/background.h"
#include "support/folder.h"
#include "support/tiny.h"

/* Whatever goes wrong: one line, the documented status, on any number of ranks, and no hang. */
static struct tiny tiny;
static float features[TINY_TRAIN * TINY_DIM];
static int32_t labels[TINY_TRAIN];

static void enter(void)
{
    tiny_init(&tiny);
    tiny_rows(TINY_TRAIN, 1, features, labels);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_errors, .init = enter, .fini = leave);

static void expect(int ranks, const char *more, int status, const char *text)
{
    struct cli_result result;
    cli_run(&result, ranks, "train %s --run %s %s", tiny.config, tiny.run, more);
    cli_expect_error(&result, status, text);
    cr_assert_lt(result.seconds, 30.0);
    cli_free(&result);
}

static void expect_everywhere(const char *more, int status, const char *text)
{
    for (int ranks = 1; ranks <= 4; ranks++)
        expect(ranks, more, status, text);
}

static void write_bytes(const char *path, const char *bytes, int64_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes, 1, (size_t)n, file) == (size_t)n);
    cr_assert_eq(fclose(file), 0);
}

Test(cli_errors, a_data_file_that_is_not_there)
{
    expect_everywhere("--set data.file=absent.h5", 4, "absent.h5");
}

Test(cli_errors, an_empty_data_file)
{
    write_bytes(tiny.data, "", 0);
    expect_everywhere("", 3, "data.h5");
}

Test(cli_errors, a_data_file_that_is_not_hdf5)
{
    write_bytes(tiny.data, "a,b,c\n1,2,3\n", 12);
    expect_everywhere("", 3, "data.h5");
}

Test(cli_errors, a_truncated_data_file)
{
    int64_t n;
    char *bytes = tiny_read(tiny.data, &n);
    write_bytes(tiny.data, bytes, n / 2);
    free(bytes);
    expect_everywhere("", 3, "data.h5");
}

Test(cli_errors, a_split_that_is_not_there_is_answered_by_the_list)
{
    expect_everywhere("--set data.train=trian", 2, "test, train");
}

Test(cli_errors, pairs_need_labels)
{
    remove(tiny.data);
    tiny_import(&tiny, tiny.data, "train", TINY_TRAIN, features, NULL);
    expect_everywhere("", 2, "labels");
}

Test(cli_errors, a_row_with_a_nan_is_named_or_dropped)
{
    struct cli_result result;
    features[250 * TINY_DIM + 3] = NAN;
    remove(tiny.data);
    tiny_import(&tiny, tiny.data, "train", TINY_TRAIN, features, labels);
    expect_everywhere("", 5, "row 250");
    cli_run(&result, 3, "train %s --run %s --set data.bad_rows=drop", tiny.config, tiny.run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "not finite"), "%s", result.err);
    cli_free(&result);
}

Test(cli_errors, a_class_out_of_range_is_refused_at_import)
{
    struct cli_result result;
    char x[TINY_PATH_MAX], y[TINY_PATH_MAX];
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "y.npy", y);
    labels[7] = -5;
    tiny_write_npy(x, "<f4", TINY_TRAIN, TINY_DIM, features);
    tiny_write_npy(y, "<i4", TINY_TRAIN, 0, labels);
    cli_run(&result, 0, "import --format npy --features %s --labels %s --split s -o %s", x, y, tiny.data);
    cli_expect_error(&result, 3, "row 7");
    cli_free(&result);
}

Test(cli_errors, fewer_rows_than_a_batch)
{
    expect_everywhere("--set train.global_batch=4096", 2, "global_batch");
}

Test(cli_errors, a_batch_that_the_shards_do_not_divide)
{
    expect_everywhere("--set train.global_batch=30", 2, "28 and 32");
}

Test(cli_errors, more_ranks_than_shards)
{
    expect(3, "--set data.shards=2", 2, "data.shards");
    expect(4, "--set data.shards=2", 2, "data.shards");
}

Test(cli_errors, more_shards_than_rows)
{
    expect_everywhere("--set data.shards=500 --set train.global_batch=500", 2, "data.shards");
}

Test(cli_errors, stopping_early_needs_held_out_rows)
{
    expect(2, "--set evaluate.early_stop=3 --set data.validation=0", 2, "raise data.validation");
    expect(2, "--set evaluate.early_stop=3 --set data.validation=0.001", 2, "no row is held out");
}

Test(cli_errors, a_run_folder_that_cannot_be_made)
{
    char file[TINY_PATH_MAX];
    tiny_path(&tiny, "file", file);
    write_bytes(file, "x", 1);
    memcpy(tiny.run, file, sizeof file);
    expect_everywhere("", 4, "file");
    snprintf(tiny.run, sizeof tiny.run, "/proc/bitloom");
    expect_everywhere("", 4, "/proc/bitloom");
}

Test(cli_errors, a_mistyped_key_is_answered_by_the_right_one)
{
    char text[] = "data: {file: data.h5, shards: 4}\ntrain: {\n  epoch: 4}\n";
    write_bytes(tiny.config, text, sizeof text - 1);
    expect_everywhere("", 2, "train.epochs");
    expect(1, "", 2, "tiny.yaml:3");
}

Test(cli_errors, a_configuration_that_is_not_there)
{
    remove(tiny.config);
    expect_everywhere("", 4, "tiny.yaml");
}

Test(cli_errors, a_start_from_what_is_no_model)
{
    char more[TINY_PATH_MAX + 20];
    snprintf(more, sizeof more, "--init %s", tiny.data);
    expect_everywhere(more, 3, "data.h5");
    expect(2, "--init absent.h5", 4, "absent.h5");
}

Test(cli_errors, another_runs_checkpoint_is_refused)
{
    char other[TINY_PATH_MAX], command[4 * TINY_PATH_MAX];
    struct cli_result result;
    tiny_path(&tiny, "other", other);
    cli_run(&result, 1, "train %s --run %s --set train.epochs=1 --set model.hidden=[12]", tiny.config, other);
    cli_expect_success(&result);
    cli_free(&result);
    snprintf(command, sizeof command, "mkdir -p %s && cp -r %s/checkpoints %s/", tiny.run, other, tiny.run);
    cr_assert_eq(system(command), 0);
    expect_everywhere("--set train.epochs=1", 2, "model.hidden");
}

Test(cli_errors, divergence_names_its_step_and_keeps_the_checkpoint)
{
    struct cli_result result;
    for (int ranks = 1; ranks <= 3; ranks++) {
        cli_run(&result, ranks,
                "train %s --run %s --fresh --set train.epochs=50 --set optimizer.lr=1e14 "
                "--set optimizer.name=sgd --set checkpoint.every_steps=1 "
                "--set optimizer.weight_decay=0 --set objective.terms.weight_decay.weight=1",
                tiny.config, tiny.run);
        cli_expect_error(&result, 5, "step ");
        cr_assert(strstr(result.err, "optimizer.lr"), "%s", result.err);
        cr_assert_gt(tiny_checkpoints(tiny.run, NULL), 0);
        cli_free(&result);
    }
}

static int has_a_checkpoint(const void *context)
{
    (void)context;
    return tiny_checkpoints(tiny.run, NULL) >= 1;
}

static void stop_rank(int ranks, int rank)
{
    struct background job;
    struct cli_result result;
    background_start(&job, ranks,
                     "train %s --run %s --fresh --set train.epochs=100000 "
                     "--set checkpoint.every_steps=50 --set train.stall_minutes=0.05",
                     tiny.config, tiny.run);
    background_until(&job, has_a_checkpoint, NULL);
    background_signal(&job, rank, SIGSTOP);
    background_wait(&job, &result);
    cli_expect_error(&result, 6, "no progress");
    cr_assert_lt(result.seconds, 25.0);
    cli_free(&result);
    cr_assert_gt(tiny_checkpoints(tiny.run, NULL), 0);
    folder_remove(tiny.run);
}

Test(cli_errors, a_rank_that_hangs_ends_the_run)
{
    stop_rank(2, 1);
    stop_rank(4, 2);
}

Test(cli_errors, rank_0_may_be_the_one_that_hangs)
{
    stop_rank(4, 0);
}

/* A disk of so many KiB at tiny.run; 0 if this user may not mount one. */
static int mount_small_disk(int kib)
{
    char options[40];
    snprintf(options, sizeof options, "size=%dk", kib);
    cr_assert_eq(mkdir(tiny.run, 0777), 0);
    return mount("bitloom-test", tiny.run, "tmpfs", 0, options) == 0;
}

static int count_entries(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);
    cr_assert(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

Test(cli_errors, a_full_disk_leaves_no_part_of_other_files)
{
    struct cli_result result[3];
    char model[TINY_PATH_MAX], disk[TINY_PATH_MAX], x[TINY_PATH_MAX];
    tiny_path(&tiny, "model", model);
    cli_run(&result[0], 1, "train %s --run %s --set train.epochs=1", tiny.config, model);
    cli_expect_success(&result[0]);
    cli_free(&result[0]);
    tiny_path(&tiny, "x.npy", x);
    tiny_write_npy(x, "<f4", TINY_TRAIN, TINY_DIM, features);
    if (!mount_small_disk(4)) {
        cr_log_warn("no small disk can be mounted here: a full disk is not tried");
        return;
    }
    memcpy(disk, tiny.run, sizeof disk);
    cli_run(&result[0], 3, "encode %s/model.h5 %s --split train -o %s/codes.h5", model, tiny.data, disk);
    cli_run(&result[1], 2, "baseline lsh %s --bits 64 -o %s/lsh.h5", tiny.data, disk);
    cli_run(&result[2], 0, "import --format npy --features %s --split train -o %s/data.h5", x, disk);
    int n_left = count_entries(disk);
    umount2(disk, MNT_DETACH);
    for (int i = 0; i < 3; i++) {
        cli_expect_error(&result[i], 4, "full");
        cli_free(&result[i]);
    }
    cr_assert_eq(n_left, 0);
}

static void expect_no_part(const char *folder)
{
    char command[TINY_PATH_MAX + 60];
    snprintf(command, sizeof command, "test -z \"$(find %s -name '*.part' -o -name '*.tmp')\"", folder);
    cr_expect_eq(system(command), 0, "something half-written was left in %s", folder);
}

Test(cli_errors, a_full_disk_ends_the_run_and_keeps_what_is_whole)
{
    struct cli_result result;
    if (!mount_small_disk(400)) {
        cr_log_warn("no small disk can be mounted here: a full disk is not tried");
        return;
    }
    for (int ranks = 1; ranks <= 3; ranks++) {
        cli_run(&result, ranks,
                "train %s --run %s --fresh --set checkpoint.every_steps=5 "
                "--set checkpoint.keep=100 --set train.epochs=40",
                tiny.config, tiny.run);
        int whole = tiny_checkpoints(tiny.run, NULL);
        expect_no_part(tiny.run);
        if (result.status != 4 || result.error_lines != 1 || whole < 1)
            break;
        if (ranks < 3)
            cli_free(&result);
    }
    int whole = tiny_checkpoints(tiny.run, NULL);
    umount2(tiny.run, MNT_DETACH);
    cli_expect_error(&result, 4, "full");
    cr_assert_gt(whole, 0);
    cli_free(&result);
}

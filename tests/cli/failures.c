#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "support/tiny.h"

/* What goes wrong on the way: one line, the documented status, and what is whole stays. */
static struct tiny tiny;
static const float features[TINY_TRAIN * TINY_DIM];

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_failures, .init = enter, .fini = leave);

Test(cli_failures, divergence_names_its_step_and_keeps_the_checkpoint)
{
    struct cli_result result;
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        tiny_train(&tiny, &result, ranks, tiny.run,
                   "--fresh --set train.epochs=50 --set optimizer.lr=1e14 --set optimizer.name=sgd "
                   "--set checkpoint.every_steps=1 --set optimizer.weight_decay=0 "
                   "--set objective.terms.weight_decay.weight=1");
        cli_expect_error(&result, 5, "step ");
        cr_assert(strstr(result.err, "optimizer.lr"), "%s", result.err);
        cr_assert_gt(tiny_checkpoints(tiny.run, NULL), 0);
        cli_free(&result);
    }
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

Test(cli_failures, a_full_disk_leaves_no_part_of_other_files)
{
    struct cli_result result[3];
    char model[TINY_PATH_MAX], disk[TINY_PATH_MAX], x[TINY_PATH_MAX];
    tiny_path(&tiny, "model", model);
    tiny_train_well(&tiny, 0, model, "--set train.epochs=1");
    tiny_path(&tiny, "x.npy", x);
    tiny_write_npy(x, "<f4", TINY_TRAIN, TINY_DIM, features);
    if (!mount_small_disk(4)) {
        cr_log_warn("no small disk can be mounted here: a full disk is not tried");
        return;
    }
    memcpy(disk, tiny.run, sizeof disk);
    cli_run(&result[0], 3, "encode %s/model.h5 %s --split train -o %s/codes.h5 --force", model, tiny.data,
            disk);
    cli_run(&result[1], 2, "baseline lsh %s --bits 64 -o %s/lsh.h5 --force", tiny.data, disk);
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

Test(cli_failures, a_full_disk_ends_the_run_and_keeps_what_is_whole)
{
    struct cli_result result;
    if (!mount_small_disk(400)) {
        cr_log_warn("no small disk can be mounted here: a full disk is not tried");
        return;
    }
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        tiny_train(&tiny, &result, ranks, tiny.run,
                   "--fresh --set checkpoint.every_steps=5 --set checkpoint.keep=100 --set train.epochs=40");
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

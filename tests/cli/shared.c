#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "support/tiny.h"

/* One copy a host of parameters, states and codes, and what happens where it can't be had. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_shared, .init = enter, .fini = leave);

/* 2.1 million parameters: more than 20 MiB of shared memory hold. */
#define WIDE "--fresh --set train.steps=6 --set 'model.hidden=[2048,1024]' --set optimizer.name=sgd "

/* Trains in a folder of that name; what it said and the digest of its model. */
static void train(const char *name, int ranks, const char *more, struct cli_result *result, char digest[17])
{
    char run[TINY_PATH_MAX];
    struct cli_result info;
    tiny_path(&tiny, name, run);
    tiny_train(&tiny, result, ranks, run, more);
    cli_expect_success(result);
    cli_run(&info, 0, "info %s/model.h5 --json", run);
    const char *found = strstr(info.out, "\"digest\"");
    cr_assert(found && sscanf(found, "\"digest\"%*[: ]\"%16[0-9a-f]", digest) == 1, "%s", info.out);
    cli_free(&info);
}

Test(cli_shared, copies_for_each_rank_have_the_bits_of_one_copy)
{
    struct cli_result one, own;
    char digest[2][17];
    train("one", 3, WIDE, &one, digest[0]);
    train("own", 3, WIDE "--set train.shared=off", &own, digest[1]);
    cr_assert_str_eq(digest[0], digest[1]);
    cr_assert(strstr(one.err, "share one copy"), "%s", one.err);
    cr_assert(!strstr(own.err, "share one copy"), "%s", own.err);
    cli_free(&one);
    cli_free(&own);
}

/* As in containers, whose /dev/shm is small. */
Test(cli_shared, without_room_for_windows_each_rank_has_its_copy_and_a_warning_says_what_to_change)
{
    struct cli_result roomy, cramped;
    char digest[2][17];
    train("roomy", 2, WIDE, &roomy, digest[0]);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("bitloom-test", "/dev/shm", "tmpfs", 0, "size=20m") != 0) {
        cr_log_warn("/dev/shm can't be made small here: that is not tried");
        return;
    }
    train("cramped", 2, WIDE, &cramped, digest[1]);
    cr_assert_str_eq(digest[0], digest[1]);
    cr_assert(!strstr(roomy.err, "warning"), "%s", roomy.err);
    cr_assert(strstr(cramped.err, "make /dev/shm larger"), "%s", cramped.err);
    cr_assert(strstr(cramped.err, "train.shared: off"), "%s", cramped.err);
    cli_free(&roomy);
    cli_free(&cramped);
}

/* What Open MPI leaves in /dev/shm of a rank that is killed while it opens a file: a semaphore by the file's
 * name that nobody will ever release. */
Test(cli_shared, a_run_whose_files_bear_the_names_of_a_killed_ones_goes_on)
{
    static const char *const names[] = {"/OMPIO_step-00000003.h5.part", "/OMPIO_step-00000006.h5.part",
                                        "/OMPIO_model.h5.part"};
    struct cli_result result;
    char digest[17];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        sem_t *taken = sem_open(names[i], O_CREAT, 0600, 0);
        cr_assert(taken != SEM_FAILED);
        sem_close(taken);
    }
    train("again", 2, "--set train.steps=6 --set checkpoint.every_steps=3", &result, digest);
    cli_free(&result);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_assert_eq(sem_unlink(names[i]), 0);
}

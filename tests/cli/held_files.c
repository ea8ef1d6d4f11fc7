#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "support/tiny.h"

/* A file that another program has open for writing, such as a notebook: every command says so and leaves it alone. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_held_files, .init = enter, .fini = leave);

static int hold(const char *path)
{
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    cr_assert(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    return fd;
}

static const char text[] = "open for writing in another program";

Test(cli_held_files, no_command_reads_a_data_set_that_is_being_written)
{
    char x[TINY_PATH_MAX];
    static float features[TINY_DIM];
    tiny_path(&tiny, "x.npy", x);
    tiny_write_npy(x, "<f4", 1, TINY_DIM, features);
    cli_succeeds(0, "baseline lsh %s --bits 8 -o %s/m.h5 --force", tiny.data, tiny.folder);
    const int fd = hold(tiny.data);
    cli_fails(0, 4, text, "check %s", tiny.data);
    cli_fails(0, 4, text, "info %s", tiny.data);
    cli_fails(0, 4, text, "check %s", tiny.config);
    cli_fails(0, 4, text, "baseline itq %s --bits 8 -o %s/q.h5 --force", tiny.data, tiny.folder);
    cli_fails(0, 4, text, "encode %s/m.h5 %s --split test -o %s/c.h5 --force", tiny.folder, tiny.data,
              tiny.folder);
    cli_fails(0, 4, text, "evaluate %s/m.h5 %s --queries test --database train", tiny.folder, tiny.data);
    cli_fails(0, 4, text, "cut test-train %s -o %s/cut.h5", tiny.data, tiny.folder);
    cli_fails(0, 4, text, "import --format npy --features %s --split more -o %s", x, tiny.data);
    tiny_train_badly(&tiny, 3, "", 4, text);
    close(fd);
}

Test(cli_held_files, nor_models_and_codes)
{
    cli_succeeds(0, "baseline lsh %s --bits 8 -o %s/m.h5 --force", tiny.data, tiny.folder);
    cli_succeeds(0, "encode %s/m.h5 %s --split test -o %s/c.h5 --force", tiny.folder, tiny.data, tiny.folder);
    char path[TINY_PATH_MAX];
    tiny_path(&tiny, "c.h5", path);
    int fd = hold(path);
    cli_fails(0, 4, text, "search %s %s -k 1 -o %s/n.tsv --force", path, path, tiny.folder);
    close(fd);
    tiny_path(&tiny, "m.h5", path);
    fd = hold(path);
    cli_fails(0, 4, text, "encode %s %s --split test -o %s/d.h5 --force", path, tiny.data, tiny.folder);
    cli_fails(0, 4, text, "info %s", path);
    close(fd);
}

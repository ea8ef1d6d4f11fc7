#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/sizes.h"
#include "support/tiny.h"

/* What every command does with the place to which it shall write. */
static struct tiny tiny;
static char model[TINY_PATH_MAX], codes[TINY_PATH_MAX], rows[TINY_PATH_MAX];
static float features[TINY_TEST * TINY_DIM];
static int32_t labels[TINY_TEST];

static void enter(void)
{
    tiny_init(&tiny);
    tiny_path(&tiny, "model.h5", model);
    tiny_path(&tiny, "codes.h5", codes);
    tiny_path(&tiny, "rows.npy", rows);
    tiny_rows(TINY_TEST, 5, features, labels);
    tiny_write_npy(rows, "<f4", TINY_TEST, TINY_DIM, features);
    cli_succeeds(0, "baseline lsh %s --bits 12 -o %s --force", tiny.data, model);
    cli_succeeds(0, "encode %s %s --split test -o %s --force", model, tiny.data, codes);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_outputs, .init = enter, .fini = leave);

/* A command without the output, which follows; the kind of file that it makes, and its ending. */
struct writer {
    char command[3 * TINY_PATH_MAX];
    const char *ending, *made;
    int is_hdf5;
};

enum { WRITERS = 8 };

static void list_writers(struct writer writers[WRITERS])
{
    static const char *const made[WRITERS] = {"a data set",      "a file of codes",      "a model",
                                              "a data set",      "a file of neighbours", "a table",
                                              "a configuration", "a batch script"};
    static const char *const endings[WRITERS] = {"h5", "h5", "h5", "h5", "h5", "tsv", "yaml", "sbatch"};
    for (int i = 0; i < WRITERS; i++)
        writers[i] = (struct writer){.ending = endings[i], .made = made[i], .is_hdf5 = i < 5};
    enum { N = sizeof writers->command };
    snprintf(writers[0].command, N, "import --format npy --features %s --split rows -o", rows);
    snprintf(writers[1].command, N, "encode %s %s --split train -o", model, tiny.data);
    snprintf(writers[2].command, N, "baseline pcah %s --bits 8 -o", tiny.data);
    snprintf(writers[3].command, N, "cut test-train %s -o", tiny.data);
    snprintf(writers[4].command, N, "search %s %s --format hdf5 -o", codes, codes);
    snprintf(writers[5].command, N, "search %s %s --format tsv -o", codes, codes);
    snprintf(writers[6].command, N, "init -o");
    snprintf(writers[7].command, N, "slurm %s --ranks 2 --time 10 -o", tiny.config);
}

static mode_t type_of(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

static void expect_nothing_unfinished(void)
{
    char command[TINY_PATH_MAX + 60];
    snprintf(command, sizeof command, "test -z \"$(find %s -name '*.part*')\"", tiny.folder);
    cr_expect_eq(system(command), 0, "something unfinished was left");
}

Test(cli_outputs, pipes_and_devices_are_written_into_by_texts_and_refused_by_hdf5)
{
    struct writer writers[WRITERS];
    char pipe[TINY_PATH_MAX], device[TINY_PATH_MAX], command[3 * TINY_PATH_MAX];
    list_writers(writers);
    tiny_path(&tiny, "pipe", pipe);
    tiny_path(&tiny, "device", device);
    cr_assert_eq(mkfifo(pipe, 0666), 0);
    const int has_device = mknod(device, S_IFCHR | 0666, makedev(1, 3)) == 0; /* a null device of our own */
    for (int i = 0; i < WRITERS; i++) {
        if (!writers[i].is_hdf5) {
            snprintf(command, sizeof command, "wc -c <%s >%s.n &", pipe, pipe);
            cr_assert_eq(system(command), 0);
            cli_succeeds(0, "%s %s", writers[i].command, pipe);
            cli_succeeds(0, "%s /dev/stdout", writers[i].command);
        } else {
            cli_fails(0, 4, "HDF5 needs a file", "%s %s", writers[i].command, pipe);
        }
        if (has_device && writers[i].is_hdf5)
            cli_fails(0, 4, "HDF5 needs a file", "%s %s", writers[i].command, device);
        else if (has_device)
            cli_succeeds(0, "%s %s", writers[i].command, device);
        cr_expect(S_ISFIFO(type_of(pipe)), "%s", writers[i].command);
        cr_expect(!has_device || S_ISCHR(type_of(device)), "%s", writers[i].command);
    }
    expect_nothing_unfinished();
}

Test(cli_outputs, a_dash_is_standard_output_and_no_file)
{
    struct writer writers[WRITERS];
    struct cli_result result;
    list_writers(writers);
    for (int i = 0; i < WRITERS; i++) {
        cli_run(&result, 0, "%s -", writers[i].command);
        if (writers[i].is_hdf5)
            cli_expect_error(&result, 2, "HDF5 can't go to standard output");
        else
            cli_expect_success(&result);
        cr_expect(writers[i].is_hdf5 || strlen(result.out) > 100, "%s", writers[i].command);
        cli_free(&result);
    }
    cr_expect_neq(access("-", F_OK), 0);
}

/* Each command's own file is refused, but replaced with --force; the files of all others are never replaced. */
Test(cli_outputs, only_a_file_of_the_same_kind_is_replaced_and_only_with_force)
{
    struct writer writers[WRITERS];
    char paths[WRITERS][TINY_PATH_MAX], name[64];
    list_writers(writers);
    for (int i = 0; i < WRITERS; i++) {
        snprintf(name, sizeof name, "made-%d.%s", i, writers[i].ending);
        tiny_path(&tiny, name, paths[i]);
        cli_succeeds(0, "%s %s", writers[i].command, paths[i]);
        if (i > 0) {
            cli_fails(0, 4, "exists; choose another name or remove it, or replace it with --force", "%s %s",
                      writers[i].command, paths[i]);
            cli_succeeds(0, "%s %s --force", writers[i].command, paths[i]);
        }
    }
    for (int i = 1; i < WRITERS; i++) { /* import adds to data sets, by its own rule */
        const int other = (i + 1) % WRITERS == 3 ? 4 : (i + 1) % WRITERS;
        int64_t n, m;
        char *before = tiny_read(paths[other], &n);
        cli_fails(0, 4, other == 5 ? "and is a table" : writers[other].made, "%s %s --force",
                  writers[i].command, paths[other]);
        char *after = tiny_read(paths[other], &m);
        cr_expect(n == m && memcmp(before, after, (size_t)n) == 0, "%s", writers[i].command);
        free(before);
        free(after);
    }
    cli_fails(0, 3, "a 'bitloom dataset' file is needed here", "%s %s", writers[0].command, paths[1]);
    expect_nothing_unfinished();
}

Test(cli_outputs, files_that_bitloom_did_not_write_are_never_replaced)
{
    struct writer writers[WRITERS];
    char path[TINY_PATH_MAX];
    list_writers(writers);
    for (int i = 1; i < WRITERS; i++) {
        tiny_path(&tiny, "notes", path);
        tiny_write(path, "my notes\n", 9);
        cli_fails(0, 4, "exists and isn't ", "%s %s --force", writers[i].command, path);
        char *text = tiny_read(path, NULL);
        cr_expect_str_eq(text, "my notes\n");
        free(text);
    }
}

Test(cli_outputs, a_name_that_promises_another_format_is_refused)
{
    struct writer writers[WRITERS];
    list_writers(writers);
    for (int i = 0; i < WRITERS; i++) {
        const char *wrong = writers[i].is_hdf5 ? "npy" : "h5";
        char end[40];
        snprintf(end, sizeof end, "doesn't end in .%s; choose", wrong);
        cli_fails(0, 2, end, "%s %s/wrong.%s", writers[i].command, tiny.folder, wrong);
    }
    cli_fails(0, 2, "doesn't end in .CSV", "%s %s/x.CSV", writers[1].command, tiny.folder);
    cli_succeeds(0, "%s %s/x.codes", writers[1].command, tiny.folder); /* promises nothing */
}

Test(cli_outputs, a_link_stays_one_and_a_data_set_behind_it_gets_the_split)
{
    char far[TINY_PATH_MAX], data[TINY_PATH_MAX + 16], link[TINY_PATH_MAX], command[4 * TINY_PATH_MAX];
    struct stat status;
    tiny_path(&tiny, "far", far);
    tiny_path(&tiny, "link.h5", link);
    snprintf(data, sizeof data, "%s/data.h5", far);
    cr_assert_eq(mkdir(far, 0777), 0);
    snprintf(command, sizeof command, "cp %s %s && chmod 640 %s", tiny.data, data, data);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(symlink("far/data.h5", link), 0);
    cli_succeeds(0, "import --format npy --features %s --split extra -o %s", rows, link);
    cli_succeeds(0, "encode %s %s --split extra -o %s/extra.h5 --force", model, data, far);
    cr_expect(S_ISLNK(type_of(link)));
    cr_expect(stat(data, &status) == 0 && (status.st_mode & 0777) == 0640);
    cr_assert_eq(unlink(link) || symlink("far/codes.h5", link), 0); /* to nothing yet */
    for (int ranks = 0; ranks <= 2; ranks += 2)
        cli_succeeds(ranks, "encode %s %s --split test -o %s --force", model, tiny.data, link);
    cli_succeeds(0, "check %s/codes.h5", far);
    cr_expect(S_ISLNK(type_of(link)));
    expect_nothing_unfinished();
}

/* `bitloom ARGUMENTS` in a shell, behind `before`; what it said goes to err. */
__attribute__((format(printf, 3, 4))) static int run_in_shell(const char *before, char err[1000],
                                                              const char *format, ...)
{
    char arguments[2000], command[4000], path[TINY_PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(arguments, sizeof arguments, format, args);
    va_end(args);
    tiny_path(&tiny, "said", path);
    snprintf(command, sizeof command, "%s '%s' %s 2>%s", before, cli_program(), arguments, path);
    const int status = system(command);
    char *said = tiny_read(path, NULL);
    snprintf(err, 1000, "%s", said);
    free(said);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(cli_outputs, standard_output_that_can_not_be_written_ends_every_command_with_4)
{
    static const char *const commands[] = {
        "init",   "init --reference", "help",    "help --bash", "help init --man",
        "--help", "train --help",     "version", "--version",   "-V"};
    char err[1000];
    if (access("/dev/full", W_OK) != 0)
        return;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        cr_expect_eq(run_in_shell("", err, "%s >/dev/full", commands[i]), 4, "%s", commands[i]);
        cr_expect(strstr(err, "standard output: No space left"), "%s: %s", commands[i], err);
    }
    cr_expect_eq(run_in_shell("", err, "slurm %s --ranks 2 --time 10 >/dev/full", tiny.config), 4);
    cr_expect_eq(run_in_shell("", err, "info %s >/dev/full", codes), 4);
    cr_expect_eq(run_in_shell("", err, "check %s >/dev/full", codes), 4);
    cr_expect_eq(run_in_shell("", err, "search %s %s >/dev/full", codes, codes), 4);
    cr_expect_eq(run_in_shell("", err, "evaluate --codes %s %s >/dev/full", codes, codes), 4);
}

Test(cli_outputs, a_limit_on_the_size_of_files_is_a_path_error_and_no_signal)
{
    struct writer writers[WRITERS];
    char err[1000];
    list_writers(writers);
    for (int i = 0; i < WRITERS; i++) {
        const int status = run_in_shell("ulimit -f 1;", err, "%s %s/limited.%s", writers[i].command,
                                        tiny.folder, writers[i].ending);
        const int is_small = status == 0; /* of less than a block */
        cr_expect(is_small || status == 4, "%s: status %d: %s", writers[i].command, status, err);
        cr_expect(is_small || strstr(err, "bitloom: error: "), "%s: %s", writers[i].command, err);
    }
    cr_expect_eq(run_in_shell("ulimit -f 8;", err, "train %s --run %s", tiny.config, tiny.run), 4, "%s", err);
    expect_nothing_unfinished();
}

Test(cli_outputs, of_two_imports_at_once_one_is_told_of_the_other)
{
    char data[TINY_PATH_MAX], pipe[TINY_PATH_MAX], err[1000], lock[TINY_PATH_MAX];
    tiny_path(&tiny, "shared.h5", data);
    tiny_path(&tiny, "shared.h5.part.lock", lock);
    tiny_path(&tiny, "pipe", pipe);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open(lock, O_RDWR | O_CREAT, 0666); /* as another process has it */
    cr_assert(fd >= 0 && fcntl(fd, F_OFD_SETLK, &whole) == 0);
    cr_expect_eq(run_in_shell("", err, "import --format npy --features %s --split a -o %s", rows, data), 4);
    cr_expect(strstr(err, "another process is writing") && strstr(err, "shared.h5;"), "%s", err);
    cr_expect(!tiny_exists(data));
    close(fd);
    cli_succeeds(0, "import --format npy --features %s --split a -o %s", rows, data);
    expect_nothing_unfinished();
}

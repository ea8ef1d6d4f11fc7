#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "support/tiny.h"

/* The commands that the pages print work as they are printed, one after another in one folder. They are taken from the
 * pages' own text. */
enum { ROWS = 600, TESTS = 80, COLS = 40, CLASSES = 4, NEAR = 3, SCRIPT_MAX = 1 << 16 };

/* Trainings are shortened, mpirun is the tests' own, and what a command says is kept for the failure of the next. */
static const char before[] =
    "set -eo pipefail\n"
    "program=$0 launcher=$1\n"
    "bitloom() { if [ \"$1\" = train ]; then set -- \"$@\" --set train.steps=8; fi; \"$program\" \"$@\"; }\n"
    "mpirun() { \"$launcher\" --shared \"$1\" \"$2\" \"$program\" \"${@:4}\" --set train.steps=8; }\n"
    "sbatch() { bash -n \"$1\"; }\n"
    "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n"
    "set -E\n";

static struct tiny tiny;
static char *script;
static float rows[ROWS * COLS];
static int32_t numbers[ROWS * NEAR];

static void write_npy(const char *name, const char *descr, int64_t n, int64_t cols, const void *values)
{
    char path[TINY_PATH_MAX];
    tiny_path(&tiny, name, path);
    tiny_write_npy(path, descr, n, cols, values);
}

/* Rows of known classes: x.npy, y.npy and t.csv, as README.md supposes. */
static void write_classes(void)
{
    char path[TINY_PATH_MAX];
    for (int i = 0; i < ROWS; i++) {
        numbers[i] = i % CLASSES;
        for (int d = 0; d < COLS; d++)
            rows[i * COLS + d] = (float)(d % CLASSES == i % CLASSES) + (float)((i * 31 + d * 17) % 97) / 97;
    }
    write_npy("x.npy", "<f4", ROWS, COLS, rows);
    write_npy("rows.npy", "<f4", ROWS, COLS, rows);
    write_npy("y.npy", "<i4", ROWS, 0, numbers);
    tiny_path(&tiny, "t.csv", path);
    FILE *file = fopen(path, "w");
    cr_assert(file);
    for (int d = 0; d < COLS; d++)
        fprintf(file, "f%d,", d);
    fprintf(file, "class\n");
    for (int i = 0; i < TESTS; i++) {
        for (int d = 0; d < COLS; d++)
            fprintf(file, "%g,", (double)rows[i * COLS + d] + 0.1);
        fprintf(file, "%d\n", i % CLASSES);
    }
    fclose(file);
}

/* Groups, and neighbours of the test rows, as docs/importing.md supposes. */
static void write_groups(void)
{
    write_npy("t.npy", "<f4", TESTS, COLS, rows);
    for (int i = 0; i < ROWS; i++)
        numbers[i] = i / 6;
    write_npy("g.npy", "<i4", ROWS, 0, numbers);
    write_npy("groups.npy", "<i4", ROWS, 0, numbers);
    write_npy("test_groups.npy", "<i4", TESTS, 0, numbers);
    for (int i = 0; i < ROWS * NEAR; i++)
        numbers[i] = i % NEAR ? -1 : i / NEAR;
    write_npy("own_number.npy", "<i4", ROWS, NEAR, numbers);
    for (int i = 0; i < TESTS * NEAR; i++)
        numbers[i] = i;
    write_npy("test_near.npy", "<i4", TESTS, NEAR, numbers);
}

static void enter(void)
{
    cli_temp_folder(tiny.folder);
    script = calloc(SCRIPT_MAX, 1);
    cr_assert(script);
    strcpy(script, before);
    write_classes();
    write_groups();
}

static void leave(void)
{
    free(script);
    tiny_free(&tiny);
}

TestSuite(cli_readme, .init = enter, .fini = leave);

static void add(const char *line, size_t n)
{
    const size_t used = strlen(script);
    cr_assert_lt(used + n + 2, (size_t)SCRIPT_MAX);
    memcpy(script + used, line, n);
    strcpy(script + used + n, "\n");
}

/* Adds the indented lines of a page from one text to the next other one; how many there must be at least. */
static void take(const char *page, const char *from, const char *to, int at_least)
{
    char path[TINY_PATH_MAX];
    int n = 0;
    snprintf(path, sizeof path, "%s/%s", BITLOOM_SOURCE_DIR, page);
    char *text = tiny_read(path, NULL), *line = strstr(text, from);
    cr_assert(line, "%s has no '%s'", page, from);
    line += strlen(from);
    char *end = strstr(line, to);
    cr_assert(end, "%s has no '%s' behind '%s'", page, to, from);
    for (; line < end; line += strcspn(line, "\n") + 1)
        if (strncmp(line, "    ", 4) == 0) {
            add(line + 4, strcspn(line + 4, "\n"));
            n++;
        }
    cr_assert_geq(n, at_least, "%s has only %d commands from '%s' to '%s'", page, n, from, to);
    free(text);
}

static void add_line(const char *line)
{
    add(line, strlen(line));
}

/* Runs what was added; no command may fail. */
static void run(void)
{
    char path[TINY_PATH_MAX], command[4 * TINY_PATH_MAX];
    tiny_path(&tiny, "script", path);
    tiny_write(path, script, (int64_t)strlen(script));
    snprintf(command, sizeof command,
             "cd '%s' && timeout -k 2 120 bash -c '. ./script' '%s' '%s' >said 2>&1 </dev/null", tiny.folder,
             cli_program(), TEST_LAUNCHER);
    const int status = system(command);
    tiny_path(&tiny, "said", path);
    char *said = tiny_read(path, NULL);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d: %s", WEXITSTATUS(status), said);
    cr_expect_not(strstr(said, "bitloom: error"), "%s", said);
    free(said);
}

Test(cli_readme, classes_groups_and_neither_work_as_the_readme_prints_them)
{
    if (system("command -v gnuplot >/dev/null") != 0)
        add_line("PATH=$PWD:$PATH; printf '#!/bin/sh\\n' >gnuplot; chmod +x gnuplot");
    take("README.md", "## Your own data\n", "\n**Configuration.**", 16);
    add_line("bitloom train grouped.yaml");
    add_line("bitloom train bare.yaml");
    /* Pages that go on from there. */
    add_line("gzip -k rows.npy");
    take("docs/importing.md", "## Encoding without importing\n", "\nEvery rank", 1);
    take("docs/slurm.md", "# Running under Slurm\n", "\nWhatever", 2);
    take("docs/reports.md", "## Compare runs\n", "\nprints", 1);
    take("docs/reports.md", "## A run folder as a model\n", "\n`model.h5`", 3);
    run();
}

Test(cli_readme, groups_are_imported_trained_by_and_judged_as_their_page_prints_it)
{
    take("docs/importing.md", "## Groups", "\nValidation, early stopping", 5);
    take("docs/importing.md", "That evaluation needs no labels either", "\n## CSV", 3);
    run();
}

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/background.h"
#include "support/folder.h"
#include "support/tiny.h"

/* Runs in the terminal, side by side, and followed. */
static char folder[CLI_PATH_MAX];
static struct cli_result result;

#define START "{\"event\":\"start\",\"step\":0,\"steps\":40}\n"
#define EPOCHS                                                                                               \
    START "{\"event\":\"epoch\",\"step\":20,\"epoch\":1.0,\"loss\":0.5,\"train_seconds\":1.5}\n"             \
          "{\"event\":\"evaluation\",\"step\":20,\"epoch\":1.0,\"map\":0.625}\n"                             \
          "{\"event\":\"epoch\",\"step\":40,\"epoch\":2.0,\"loss\":0.25,\"train_seconds\":3.5}\n"            \
          "{\"event\":\"evaluation\",\"step\":40,\"epoch\":2.0,\"map\":0.5}\n"

static void put(const char *name, const char *file, const char *text)
{
    char path[2 * CLI_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
    tiny_write(path, text, (int64_t)strlen(text));
}

static void make_run(const char *name, const char *metrics)
{
    char path[2 * CLI_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(mkdir(path, 0777), 0);
    put(name, "metrics.jsonl", metrics);
}

static void enter(void)
{
    cli_temp_folder(folder);
    make_run("a", EPOCHS "{\"event\":\"end\",\"step\":40,\"train_seconds\":4.0}\n");
    make_run("b",
             EPOCHS "{\"event\":\"failed\",\"step\":40,\"status\":5,\"message\":\"it is not finite\"}\n");
    make_run("c", EPOCHS "{\"event\":\"stopped\",\"step\":40,\"reason\":\"stopped on request\"}\n");
    put("a", "config.yaml", "data: {file: d.h5}\noptimizer: {lr: 0.5}\n");
    put("b", "config.yaml", "data: {file: ../a/d.h5}\noptimizer: {lr: 0.25}\n");
}

static void leave(void)
{
    cli_free(&result);
    folder_remove(folder);
}

TestSuite(cli_report_runs, .init = enter, .fini = leave);

Test(cli_report_runs, a_table_has_a_line_for_each_run_and_the_keys_in_which_they_differ)
{
    char expected[8 * CLI_PATH_MAX];
    make_run("new", "");
    cli_run(&result, 0, "report --table %s/a %s/b %s/c %s/new --data", folder, folder, folder, folder);
    cli_expect_success(&result);
    snprintf(expected, sizeof expected,
             "run\tstate\tbest mAP\tat step\tsteps\tseconds\toptimizer.lr\n"
             "%s/a\tfinished\t0.6250\t20\t40\t4.0\t0.5\n%s/b\tfailed\t0.6250\t20\t40\t3.5\t0.25\n"
             "%s/c\tstopped\t0.6250\t20\t40\t3.5\t?\n%s/new\tnot begun\t\t\t\t\t?\n",
             folder, folder, folder, folder);
    cr_assert_str_eq(result.out, expected);
    cli_free(&result);
    cli_run(&result, 0, "report --table %s/a %s/b", folder, folder);
    cli_expect_success(&result);
    char *second = strchr(result.out, '\n') + 1, *third = strchr(second, '\n') + 1;
    cr_assert_eq(strstr(second, "0.6250") - second, strstr(third, "0.6250") - third, "%s", result.out);
}

Test(cli_report_runs, two_runs_of_one_name_are_told_apart_by_their_folders)
{
    char path[2 * CLI_PATH_MAX];
    snprintf(path, sizeof path, "%s/other", folder);
    cr_assert_eq(mkdir(path, 0777), 0);
    make_run("other/a", EPOCHS);
    cli_run(&result, 0, "report --table %s/a %s/other/a/", folder, folder);
    cli_expect_success(&result);
    snprintf(path, sizeof path, "%s/other/a/  interrupted", folder);
    cr_assert(strstr(result.out, path), "%s", result.out);
}

Test(cli_report_runs, what_is_no_run_or_damaged_is_said_in_one_line)
{
    cli_fails(0, 4, "no metrics.jsonl, so it is no run folder", "report %s", folder);
    cli_fails(0, 4, "absent", "report --table %s/absent", folder);
    make_run("empty", "");
    cli_fails(0, 3, "no values yet", "report %s/empty", folder);
    put("empty", "metrics.jsonl", EPOCHS "\xff\xfe\n");
    cli_fails(0, 3, "metrics.jsonl:6: not a JSON object", "report %s/empty --data", folder);
    char path[2 * CLI_PATH_MAX];
    snprintf(path, sizeof path, "%s/empty/metrics.jsonl", folder);
    tiny_write(path, EPOCHS "\0\0\n" EPOCHS, sizeof(EPOCHS "\0\0\n" EPOCHS) - 1);
    cli_fails(0, 3, "metrics.jsonl:6: not a JSON object", "report %s/empty --data", folder);
    cli_fails(0, 2, "only one of", "report --table --follow %s/a", folder);
    cli_fails(0, 2, "takes one run", "report --follow %s/a %s/b", folder, folder);
}

static void need_gnuplot(void)
{
    if (system("command -v gnuplot >/dev/null") != 0)
        cr_skip_test("there is no gnuplot here");
}

/* The longest line and the number of lines, without the sequences of colours. */
static void measure(const char *text, int *columns, int *rows)
{
    int n = 0;
    for (*columns = *rows = 0; *text; text++) {
        if (*text == '\033')
            text += strcspn(text, "m");
        else if (*text == '\n')
            n = 0, ++*rows;
        else if (*text != '\r')
            *columns = ++n > *columns ? n : *columns;
    }
}

Test(cli_report_runs, curves_fill_the_terminal_and_each_run_has_its_symbol)
{
    static const int sizes[][2] = {{60, 24}, {80, 24}, {160, 50}};
    need_gnuplot();
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    for (int i = 0; i < 3; i++) {
        int columns, rows;
        cli_terminal_size(sizes[i][0], sizes[i][1]);
        cli_run_on_terminal(&result, 0, "report %s/a %s/b", folder, folder);
        cr_assert_eq(result.status, 0, "%s", result.out);
        measure(result.out, &columns, &rows);
        cr_assert(columns < sizes[i][0] && columns > sizes[i][0] - 10, "%d columns of %d", columns,
                  sizes[i][0]);
        cr_assert(rows < sizes[i][1] && rows > sizes[i][1] - 7, "%d rows of %d", rows, sizes[i][1]);
        cr_assert(strstr(result.out, "\033[38;5;32mA") && strstr(result.out, "\033[38;5;172mB"), "no colour");
        cr_assert(strstr(result.out, "best mAP 0.6250 at epoch 1"), "%s", result.out);
        cli_free(&result);
    }
}

Test(cli_report_runs, without_a_terminal_or_with_NO_COLOR_there_is_no_colour)
{
    char line[2 * CLI_PATH_MAX];
    need_gnuplot();
    cli_run(&result, 0, "report %s/a %s/b", folder, folder);
    cli_expect_success(&result);
    cr_assert_not(strpbrk(result.out, "\033\f"));
    snprintf(line, sizeof line, "B %s/b  best mAP 0.6250 at epoch 1\n", folder);
    cr_assert(strstr(result.out, line), "%s", result.out);
    cli_free(&result);
    setenv("NO_COLOR", "1", 1);
    cli_terminal_size(80, 24);
    cli_run_on_terminal(&result, 0, "report %s/a", folder);
    cr_assert_eq(result.status, 0, "%s", result.out);
    cr_assert_not(strchr(result.out, '\033'), "%s", result.out);
}

Test(cli_report_runs, following_ends_as_the_run_did)
{
    put("a", "train.log", "2026-01-01T00:00:00+0000 finished: well\n");
    cli_run(&result, 0, "report --follow %s/a", folder);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, "finished: well"), "%s", result.out);
    cli_free(&result);
    cli_fails(0, 5, "failed: it is not finite", "report --follow %s/b", folder);
    cli_run(&result, 0, "report --follow %s/c", folder);
    cr_assert_eq(result.status, 75, "%s", result.err);
    cr_assert_str_empty(result.err, "%s", result.err);
    cli_free(&result);
    make_run("killed", EPOCHS);
    cli_fails(0, 6, "ended without a word", "report --follow %s/killed", folder);
}

static int is_waiting(const void *context)
{
    const struct background *job = context;
    char path[CLI_PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/err", job->folder);
    if (!tiny_exists(path))
        return 0;
    char *said = tiny_read(path, NULL);
    const int waits = strstr(said, "waiting for a run to begin") != NULL;
    free(said);
    return waits;
}

Test(cli_report_runs, a_run_is_followed_from_before_its_begin_to_its_end)
{
    struct tiny tiny;
    struct background job;
    tiny_init(&tiny);
    background_start(&job, 1, "report --follow %s", tiny.run);
    background_until(&job, is_waiting, &job);
    tiny_train_well(&tiny, 0, tiny.run, "");
    background_wait(&job, &result);
    tiny_free(&tiny);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, "new run in ") && strstr(result.out, "finished: "), "%s", result.out);
}

Test(cli_report_runs, an_interrupt_ends_waiting_without_another_word)
{
    char command[3 * CLI_PATH_MAX];
    snprintf(command, sizeof command, "timeout -s INT 1 '%s' report --follow '%s/none' >'%s/said' 2>&1",
             cli_program(), folder, folder);
    cr_assert_neq(system(command), 0);
    snprintf(command, sizeof command, "%s/said", folder);
    char *said = tiny_read(command, NULL);
    char *line = strstr(said, "waiting for a run to begin in ");
    cr_assert(line && strchr(line, '\n') && strchr(line, '\n')[1] == '\0', "%s", said);
    free(said);
}

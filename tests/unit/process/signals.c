/* What signals do: requests to a run, the end of any other command. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "io/file.h"
#include "io/output.h"
#include "mpi/process/signals.h"
#include "support/folder.h"

TestSuite(signals);

static void expect(enum signals_request request, int number)
{
    int signal_number = -1;
    cr_assert_eq(signals_request(&signal_number), request);
    cr_assert_eq(signal_number, number);
}

Test(signals, usr1_asks_a_run_for_a_checkpoint_until_it_has_begun)
{
    signals_install(SIGNALS_RUN);
    expect(SIGNALS_NONE, 0);
    raise(SIGUSR1);
    expect(SIGNALS_CHECKPOINT, SIGUSR1);
    expect(SIGNALS_CHECKPOINT, SIGUSR1);
    signals_checkpoint_done();
    expect(SIGNALS_NONE, 0);
}

Test(signals, a_request_to_stop_stays_and_goes_before_one_for_a_checkpoint)
{
    static const int numbers[] = {SIGUSR2, SIGTERM, SIGHUP, SIGXCPU, SIGINT};
    signals_install(SIGNALS_RUN);
    for (int i = 0; i < 5; i++) {
        raise(numbers[i]);
        expect(SIGNALS_STOP, numbers[i]);
        raise(SIGUSR1);
        expect(SIGNALS_STOP, numbers[i]);
        signals_checkpoint_done();
        expect(SIGNALS_STOP, numbers[i]);
    }
}

Test(signals, a_second_ctrl_c_ends_a_run_at_once, .signal = SIGINT)
{
    signals_install(SIGNALS_RUN);
    raise(SIGINT);
    expect(SIGNALS_STOP, SIGINT);
    raise(SIGINT);
}

Test(signals, term_after_ctrl_c_does_not)
{
    signals_install(SIGNALS_RUN);
    raise(SIGINT);
    raise(SIGTERM);
    raise(SIGTERM);
    expect(SIGNALS_STOP, SIGTERM);
}

static int exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A process that works on a file beside `path` and gets the signal; returns how it ended, as a shell says it. */
static int status_of(const struct signals_row *row, enum signals_work work, const char *path, int ignores)
{
    struct io_output output;
    int status;
    struct bl_error err;
    const pid_t pid = fork();
    if (pid == 0) {
        signal(row->number, ignores ? SIG_IGN : SIG_DFL);
        signals_install(work);
        if (io_output_look(&output, path, &err) != BL_OK || io_output_begin(&output, &err) != BL_OK)
            _exit(99);
        raise(row->number);
        _exit(0);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Test(signals, a_process_does_what_the_table_says_and_what_ends_leaves_no_unfinished_file)
{
    char folder[200], path[240], part[260];
    const struct signals_row *row;
    cr_assert(folder_make(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/out", folder);
    snprintf(part, sizeof part, "%s.part", path);
    for (int i = 0; (row = signals_row(i)); i++) {
        for (enum signals_work work = 0; work < SIGNALS_WORKS; work++) {
            const int ends = row->effect[work] == SIGNALS_ENDS;
            cr_assert_eq(status_of(row, work, path, 0), ends ? 128 + row->number : 0, "%s", row->name);
            cr_assert_eq(exists(part), !ends, "%s", row->name);
            remove(part);
            cr_assert_eq(status_of(row, work, path, 1), 0, "ignored, %s ended it", row->name);
        }
    }
    folder_remove(folder);
}

Test(signals, a_run_stays_deaf_to_a_hangup_that_was_ignored_and_to_nothing_else)
{
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signals_install(SIGNALS_RUN);
    raise(SIGHUP);
    expect(SIGNALS_NONE, 0);
    raise(SIGINT);
    expect(SIGNALS_STOP, SIGINT);
}

Test(signals, finished_and_given_up_files_are_forgotten)
{
    char folder[200], path[240];
    struct io_output output;
    struct bl_error err;
    cr_assert(folder_make(folder, sizeof folder));
    for (int i = 0; i < 100; i++) { /* more than are remembered at a time */
        snprintf(path, sizeof path, "%s/out-%d", folder, i);
        cr_assert_eq(io_file_write(path, "x", 1, &err), BL_OK);
    }
    cr_assert_eq(io_output_look(&output, path, &err), BL_OK);
    cr_assert_eq(io_output_begin(&output, &err), BL_OK);
    const pid_t pid = fork();
    if (pid == 0) {
        signals_install(SIGNALS_FILE);
        raise(SIGTERM);
    }
    waitpid(pid, NULL, 0);
    cr_assert_not(exists(output.temporary));
    cr_assert(exists(path));
    folder_remove(folder);
}

Test(signals, the_table_in_the_documents_is_that_of_the_code)
{
    static const char *const words[] = {[SIGNALS_IGNORED] = "ignored",
                                        [SIGNALS_ENDS] = "ends: ",
                                        [SIGNALS_ASKS_CHECKPOINT] = "a checkpoint; goes on",
                                        [SIGNALS_ASKS_STOP] = "a checkpoint, then the end: 75"};
    static const enum signals_work columns[] = {SIGNALS_RUN, SIGNALS_FILE, SIGNALS_ANSWER};
    char *page, line[300];
    int64_t n_bytes;
    struct bl_error err;
    const struct signals_row *row;
    cr_assert_eq(io_file_read(BITLOOM_SOURCE_DIR "/docs/errors.md", 1 << 20, &page, &n_bytes, &err), BL_OK);
    for (int i = 0; (row = signals_row(i)); i++) {
        int n = snprintf(line, sizeof line, "\n| %s |", row->name);
        for (int c = 0; c < 3; c++) {
            const enum signals_effect effect = row->effect[columns[c]];
            n += snprintf(line + n, sizeof line - (size_t)n, " %s", words[effect]);
            if (effect == SIGNALS_ENDS)
                n += snprintf(line + n, sizeof line - (size_t)n, "%d", 128 + row->number);
            n += snprintf(line + n, sizeof line - (size_t)n, " |");
        }
        cr_expect(strstr(page, line), "docs/errors.md lacks %s", line);
    }
    bl_free(&page);
}

#include "mpi/command/report/report_follow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "mpi/command/report/report_read.h"
#include "mpi/run/run_folder.h"

enum { LINES_BEFORE = 10 };

/* A file that another process appends lines to, shortens when it continues, or replaces when it starts over. */
struct tail {
    const char *path;
    FILE *file;
    char *line;
    size_t room;
};

static void tail_close(struct tail *tail)
{
    if (tail->file)
        fclose(tail->file);
    free(tail->line);
    tail->file = NULL;
    tail->line = NULL;
    tail->room = 0;
}

/* Whether the open file is still the one at the path, and no shorter than what was read of it. */
static int is_current(const struct tail *tail)
{
    struct stat now, open;
    return stat(tail->path, &now) == 0 && fstat(fileno(tail->file), &open) == 0 &&
           now.st_dev == open.st_dev && now.st_ino == open.st_ino && now.st_size >= ftello(tail->file);
}

/* *is_new: what comes is not behind what came before. Errors: BL_PATH. */
static int tail_look(struct tail *tail, int *is_new, struct bl_error *err)
{
    *is_new = 0;
    if (tail->file && is_current(tail))
        return BL_OK;
    tail_close(tail);
    tail->file = fopen(tail->path, "r");
    *is_new = tail->file != NULL;
    return tail->file || errno == ENOENT || errno == ENOTDIR ? BL_OK
                                                             : bl_fail_path(err, "read", tail->path, errno);
}

/* The next whole line, without its end; NULL: none yet. Its length in *n. */
static const char *tail_next(struct tail *tail, size_t *n)
{
    if (!tail->file)
        return NULL;
    const off_t at = ftello(tail->file);
    const ssize_t got = getline(&tail->line, &tail->room, tail->file);
    if (got <= 0 || tail->line[got - 1] != '\n') {
        clearerr(tail->file);
        fseeko(tail->file, at, SEEK_SET);
        return NULL;
    }
    *n = (size_t)got - 1;
    tail->line[*n] = '\0';
    return tail->line;
}

/* What is known of a run so far. */
struct follow {
    struct tail log, metrics;
    struct report_facts facts;
    struct report_row step; /* the latest */
    int on_terminal, is_shown, is_first;
};

static void clear_step(struct follow *follow)
{
    if (follow->is_shown)
        fputs("\r\033[K", stdout);
    follow->is_shown = 0;
}

/* Skips all but the last lines of what was there before. */
static void skip_old(struct tail *log)
{
    size_t n;
    int64_t lines = 0;
    while (tail_next(log, &n))
        lines++;
    rewind(log->file);
    for (; lines > LINES_BEFORE; lines--)
        tail_next(log, &n);
}

/* Returns how many lines there were. */
static int64_t print_log(struct follow *follow)
{
    size_t n;
    int64_t lines = 0;
    for (const char *line; (line = tail_next(&follow->log, &n)); lines++) {
        clear_step(follow);
        printf("%s\n", line);
    }
    return lines;
}

static int64_t read_events(struct follow *follow)
{
    size_t n;
    int64_t events = 0;
    struct report_row row;
    for (const char *line; (line = tail_next(&follow->metrics, &n)); events++)
        if (report_event_read(line, n, &follow->facts, &row) == 1 && row.event == REPORT_STEP)
            follow->step = row;
    return events;
}

static void show_step(struct follow *follow)
{
    if (!follow->on_terminal || follow->facts.state != REPORT_GOING || follow->step.step == 0)
        return;
    clear_step(follow);
    printf("\033[?7lepoch %.2f  step %" PRId64 "/%" PRId64 "  %.0f rows/s  loss %.4g\033[?7h",
           follow->step.epoch, follow->step.step, follow->facts.steps, follow->step.rows_per_s,
           follow->step.loss);
    follow->is_shown = 1;
}

/* Returns 1 if anything was new. */
static int look(struct follow *follow, int *code, struct bl_error *err)
{
    int new_log, new_metrics;
    *code = tail_look(&follow->log, &new_log, err);
    if (*code == BL_OK)
        *code = tail_look(&follow->metrics, &new_metrics, err);
    if (*code != BL_OK)
        return 0;
    if (new_log && follow->is_first)
        skip_old(&follow->log);
    if (new_metrics) {
        follow->facts = (struct report_facts){0};
        follow->step = (struct report_row){0};
    }
    follow->is_first = 0;
    const int64_t events = read_events(follow);
    const int is_new = print_log(follow) + events > 0;
    if (is_new)
        show_step(follow);
    fflush(stdout);
    return is_new;
}

static int end_as_it_did(const struct follow *follow, const char *folder, struct bl_error *err)
{
    switch (follow->facts.state) {
    case REPORT_FINISHED:
        return BL_OK;
    case REPORT_STOPPED:
        return bl_fail(err, BL_STOPPED, "%s was stopped", folder);
    case REPORT_FAILED:
        return bl_fail(err, follow->facts.status > 0 ? follow->facts.status : (int)BL_DEFECT,
                       "the run in %s failed: %s", folder, follow->facts.what);
    default:
        return bl_fail(
            err, BL_STALLED,
            "the run in %s ended without a word: it was killed, its node was lost, or its start failed; "
            "start it again",
            folder);
    }
}

static int follow_until_end(struct follow *follow, const char *folder, struct bl_error *err)
{
    const struct timespec nap = {.tv_nsec = 250 * 1000 * 1000};
    int seen = 0, quiet = 0, is_told = 0, code = BL_OK;
    /* Whether it is in use is asked first: what it wrote last is then read. Twice, for a start that has its lock
     * before its files. */
    while (code == BL_OK && quiet < 2) {
        const int in_use = run_folder_is_in_use(folder);
        const int is_new = look(follow, &code, err);
        seen |= in_use || follow->facts.state != REPORT_NOT_BEGUN;
        quiet = in_use || is_new || !seen ? 0 : quiet + 1;
        if (!seen && !is_told)
            bl_log_say("waiting for a run to begin in %s", folder);
        is_told = 1;
        if (quiet < 2)
            nanosleep(&nap, NULL);
    }
    return code == BL_OK ? end_as_it_did(follow, folder, err) : code;
}

int report_follow(const char *folder, struct bl_error *err)
{
    struct par_run_folder names;
    int code = run_folder_name(&names, folder, err);
    if (code != BL_OK)
        return code;
    struct follow follow = {.log = {.path = names.log},
                            .metrics = {.path = names.metrics},
                            .on_terminal = isatty(STDOUT_FILENO),
                            .is_first = 1};
    code = follow_until_end(&follow, folder, err);
    clear_step(&follow);
    tail_close(&follow.log);
    tail_close(&follow.metrics);
    fflush(stdout);
    return code;
}

#include "mpi/command/report/report_read.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/config.h"
#include "io/file.h"

/* 16 GiB: enough for a line for each step of a run of a year. */
static const int64_t metrics_max_bytes = INT64_C(1) << 34;

static const char *const event_names[] = {"step", "epoch", "evaluation"};

const char *report_event_name(enum report_event event)
{
    return event_names[event];
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Fills *row if the event is one that has a curve; returns 1 if so, otherwise 0. */
static int row_of(const json_t *object, const char *event, struct report_row *row)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(event, event_names[i]) == 0) {
            *row = (struct report_row){
                .event = (enum report_event)i,
                .step = json_integer_value(json_object_get(object, "step")),
                .epoch = number_of(object, "epoch"),
                .loss = number_of(object, "loss"),
                .map = number_of(object, "map"),
                .lr = number_of(object, "lr"),
                .rows_per_s = number_of(object, "rows_per_s"),
            };
            return 1;
        }
    return 0;
}

static void take_facts(const json_t *object, const char *event, struct report_facts *facts)
{
    static const struct {
        const char *event;
        enum report_state state;
    } states[] = {{"start", REPORT_GOING},
                  {"continue", REPORT_GOING},
                  {"end", REPORT_FINISHED},
                  {"stopped", REPORT_STOPPED},
                  {"failed", REPORT_FAILED}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(event, states[i].event) == 0)
            facts->state = states[i].state;
    const json_t *step = json_object_get(object, "step"), *steps = json_object_get(object, "steps");
    /* The checkpoint's event is written after later steps, and the summary counts those of its start. */
    if (json_is_integer(step) && strcmp(event, "checkpoint") != 0)
        facts->step = json_integer_value(step);
    if (json_is_integer(steps) && strcmp(event, "summary") != 0)
        facts->steps = json_integer_value(steps);
    if (json_is_number(json_object_get(object, "train_seconds")))
        facts->train_seconds = number_of(object, "train_seconds");
    if (facts->state == REPORT_FAILED && strcmp(event, "failed") == 0) {
        const char *what = json_string_value(json_object_get(object, "message"));
        facts->status = (int)json_integer_value(json_object_get(object, "status"));
        snprintf(facts->what, sizeof facts->what, "%s", what ? what : "");
    }
}

int report_event_read(const char *line, size_t n, struct report_facts *facts, struct report_row *row)
{
    json_t *object = json_loadb(line, n, 0, NULL);
    const char *event = json_string_value(json_object_get(object, "event"));
    int result = -1;
    if (event) {
        take_facts(object, event, facts);
        result = row_of(object, event, row);
    }
    json_decref(object);
    return result;
}

/* Only lines that end: the run may be writing the last one. A zero byte is no end. */
static int parse(struct report_run *run, const char *path, const char *text, int64_t n_bytes,
                 struct bl_error *err)
{
    const char *const behind = text + n_bytes;
    int64_t line = 0;
    for (const char *end; (end = memchr(text, '\n', (size_t)(behind - text))); text = end + 1) {
        const int result = report_event_read(text, (size_t)(end - text), &run->facts, &run->rows[run->n]);
        line++;
        if (result < 0)
            return bl_fail(err, BL_INPUT,
                           "%s:%" PRId64 ": not a JSON object with an event; is it the metrics of a run?",
                           path, line);
        run->n += result;
    }
    return BL_OK;
}

static int64_t count_lines(const char *text, int64_t n_bytes)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_bytes; i++)
        n += text[i] == '\n';
    return n;
}

int report_read(struct report_run *run, const char *folder, struct bl_error *err)
{
    char path[BL_PATH_MAX + 32], *text = NULL;
    int64_t n_bytes;
    struct stat status;
    *run = (struct report_run){.name = folder};
    const int is_found = stat(folder, &status) == 0, is_file = is_found && !S_ISDIR(status.st_mode);
    snprintf(path, sizeof path, "%s%s", folder, is_file ? "" : "/metrics.jsonl");
    if (is_found && !is_file && access(path, F_OK) != 0 && errno == ENOENT)
        return bl_fail(err, BL_PATH, "%s has no metrics.jsonl, so it is no run folder; name those of runs",
                       folder);
    int code = io_file_read(path, metrics_max_bytes, &text, &n_bytes, err);
    if (code == BL_OK)
        code = bl_alloc(&run->rows, 1 + count_lines(text, n_bytes), sizeof *run->rows,
                        "the rows of the metrics", err);
    if (code == BL_OK)
        code = parse(run, path, text, n_bytes, err);
    bl_free(&text);
    return code;
}

int report_need_values(const struct report_run *run, struct bl_error *err)
{
    return run->n > 0
               ? BL_OK
               : bl_fail(err, BL_INPUT,
                         "%s has no values yet; the first comes after log.every_steps steps of training",
                         run->name);
}

const struct report_row *report_best(const struct report_run *run)
{
    const struct report_row *best = NULL;
    for (int64_t r = 0; r < run->n; r++)
        if (run->rows[r].event == REPORT_EVALUATION && (!best || run->rows[r].map > best->map))
            best = &run->rows[r];
    return best;
}

const struct report_row *report_last(const struct report_run *run, enum report_event event)
{
    for (int64_t r = run->n - 1; r >= 0; r--)
        if (run->rows[r].event == event)
            return &run->rows[r];
    return NULL;
}

void report_free(struct report_run *run)
{
    bl_free(&run->rows);
    run->n = 0;
}

#include "mpi/command/report/report_read.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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

static int64_t count_lines(const char *text)
{
    int64_t n = 0;
    for (const char *end = strchr(text, '\n'); end; end = strchr(end + 1, '\n'))
        n++;
    return n;
}

static int parse(struct report_run *run, const char *path, const char *text, struct bl_error *err)
{
    int64_t line = 0;
    /* Only lines that end: the run may be writing the last one. */
    for (const char *end = strchr(text, '\n'); end; text = end + 1, end = strchr(text, '\n')) {
        json_t *object = json_loadb(text, (size_t)(end - text), 0, NULL);
        const char *event = json_string_value(json_object_get(object, "event"));
        line++;
        if (event)
            run->n += row_of(object, event, &run->rows[run->n]);
        json_decref(object);
        if (!event)
            return bl_fail(err, BL_INPUT,
                           "%s:%" PRId64 ": not a JSON object with an event; is it the metrics of a run?",
                           path, line);
    }
    if (run->n == 0)
        return bl_fail(err, BL_INPUT,
                       "%s has no values yet; the first comes after log.every_steps steps of training", path);
    return BL_OK;
}

int report_read(struct report_run *run, const char *folder, struct bl_error *err)
{
    char path[BL_PATH_MAX + 32], *text = NULL;
    int64_t n_bytes;
    *run = (struct report_run){.name = folder};
    snprintf(path, sizeof path, "%s/metrics.jsonl", folder);
    int code = io_file_read(path, metrics_max_bytes, &text, &n_bytes, err);
    if (code == BL_OK)
        code = bl_alloc(&run->rows, 1 + count_lines(text), sizeof *run->rows, "the rows of the metrics", err);
    if (code == BL_OK)
        code = parse(run, path, text, err);
    bl_free(&text);
    return code;
}

void report_free(struct report_run *run)
{
    bl_free(&run->rows);
    run->n = 0;
}

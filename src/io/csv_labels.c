#include "io/csv_labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "io/csv_remarks.h"

/* A number beyond int64 becomes INT64_MAX or INT64_MIN. */
static int whole_number(const char *text, int64_t *value)
{
    const int is_whole = io_csv_label_is_whole(text);
    if (is_whole)
        *value = strtoll(text, NULL, 10);
    return is_whole;
}

/* The index of text among those seen, or where it would be inserted. */
static int64_t search(const struct io_csv_labels *labels, const char *text, int *found)
{
    int64_t lo = 0, hi = labels->n;
    *found = 0;
    while (lo < hi) {
        int64_t middle = lo + (hi - lo) / 2;
        int order = strcmp(text, labels->seen[middle].text);
        if (order == 0) {
            *found = 1;
            return middle;
        }
        if (order < 0)
            hi = middle;
        else
            lo = middle + 1;
    }
    return lo;
}

static int insert(struct io_csv_labels *labels, int64_t place, const char *text, int64_t line,
                  struct bl_error *err)
{
    char *copy;
    int code = bl_alloc(&copy, (int64_t)strlen(text) + 1, 1, "a class name", err);
    if (code != BL_OK)
        return code;
    memcpy(copy, text, strlen(text) + 1);
    memmove(labels->seen + place + 1, labels->seen + place,
            (size_t)(labels->n - place) * sizeof *labels->seen);
    labels->seen[place] = (struct io_csv_label){copy, line, 1, -1};
    labels->n++;
    return BL_OK;
}

static int note_text(struct io_csv_labels *labels, const char *text, int64_t line, struct bl_error *err)
{
    int found;
    int64_t place = search(labels, text, &found);
    if (found)
        labels->seen[place].rows++;
    if (found || labels->too_many)
        return BL_OK;
    if (labels->n == IO_CSV_NAMES_MAX) {
        labels->too_many = 1;
        return BL_OK;
    }
    int code = bl_grow(&labels->seen, labels->n, &labels->room, sizeof *labels->seen, "class names", err);
    return code == BL_OK ? insert(labels, place, text, line, err) : code;
}

static void note_number(struct io_csv_labels *labels, const char *text, int64_t value, int64_t line)
{
    if (value > labels->max_label)
        labels->max_label = value;
    if (labels->bad_line == 0 && (value < -1 || value > INT32_MAX)) {
        labels->bad_line = line;
        snprintf(labels->bad_text, sizeof labels->bad_text, "%s", text);
    }
}

int io_csv_labels_note(struct io_csv_labels *labels, const char *text, const char *path, int64_t line,
                       struct bl_error *err)
{
    int64_t value;
    const char *unit = io_csv_labels_unit(labels);
    if (labels->n == 0)
        labels->max_label = -1;
    if (*text == '\0')
        return bl_fail(err, BL_INPUT,
                       "%s, %s %" PRId64 ": the label is empty; fill it in (-1 means none) or remove the row",
                       path, unit, line);
    if (strlen(text) > IO_CSV_NAME_MAX_BYTES)
        return bl_fail(err, BL_INPUT, "%s, %s %" PRId64 ": the label is longer than %d bytes", path, unit,
                       line, IO_CSV_NAME_MAX_BYTES);
    if (whole_number(text, &value))
        note_number(labels, text, value, line);
    else if (!io_csv_label_is_missing(text))
        labels->are_names = 1;
    int code = note_text(labels, text, line, err);
    if (code == BL_OK && labels->are_names && labels->too_many)
        code = bl_fail(err, BL_INPUT,
                       "%s, %s %" PRId64 ": more than %d different labels; is it the label column?", path,
                       unit, line, IO_CSV_NAMES_MAX);
    return code;
}

/* -1 if the name isn't known. */
static int32_t find_known(const struct io_csv_labels *labels, const char *text)
{
    for (int64_t i = 0; i < labels->n_known; i++)
        if (strcmp(labels->known[i], text) == 0)
            return (int32_t)i;
    return -1;
}

/* Whether -1, which means none, whatever the other labels are. */
static int means_none(const char *text)
{
    int64_t value;
    return whole_number(text, &value) && value == -1;
}

/* Numbers that are all names of classes already, as where other splits have the names 1, 2, 10. */
static int all_are_known(const struct io_csv_labels *labels)
{
    for (int64_t i = 0; i < labels->n; i++)
        if (!means_none(labels->seen[i].text) && find_known(labels, labels->seen[i].text) < 0)
            return 0;
    return labels->n_known > 0 && !labels->too_many;
}

/* The known names first, so that their classes stay what they are. */
static int settle_names(struct io_csv_labels *labels, struct bl_error *err)
{
    int code =
        bl_alloc(&labels->names, labels->n_known + labels->n, sizeof *labels->names, "class names", err);
    if (code != BL_OK)
        return code;
    labels->n_names = labels->n_known;
    for (int64_t i = 0; i < labels->n_known; i++)
        labels->names[i] = labels->known[i];
    for (int64_t i = 0; i < labels->n; i++) {
        struct io_csv_label *label = &labels->seen[i];
        label->class = means_none(label->text) ? -1 : find_known(labels, label->text);
        if (label->class < 0 && !means_none(label->text)) {
            label->class = (int32_t)labels->n_names;
            labels->names[labels->n_names++] = label->text;
        }
    }
    labels->max_label = labels->n_names - 1;
    return BL_OK;
}

int io_csv_labels_settle(struct io_csv_labels *labels, const char *path, struct bl_error *err)
{
    int code = BL_OK;
    labels->are_names |= all_are_known(labels);
    if (labels->are_names)
        code = settle_names(labels, err);
    else if (labels->bad_line > 0)
        code = bl_fail(err, BL_INPUT,
                       "%s, %s %" PRId64 ": the label %s can't be a class; they are whole numbers from 0 "
                       "to 2147483647, -1 means none",
                       path, io_csv_labels_unit(labels), labels->bad_line, labels->bad_text);
    if (code == BL_OK)
        io_csv_remarks_make(labels);
    return code;
}

int io_csv_labels_find(const struct io_csv_labels *labels, const char *text, int32_t *label)
{
    int64_t value = -1;
    int found;
    *label = -1;
    if (labels->are_names) {
        const int64_t place = search(labels, text, &found);
        if (found)
            *label = labels->seen[place].class;
        return found;
    }
    if (!whole_number(text, &value) && !io_csv_label_is_missing(text))
        return 0;
    if (value < -1 || value > labels->max_label)
        return 0;
    *label = (int32_t)value;
    return 1;
}

const char *io_csv_labels_unit(const struct io_csv_labels *labels)
{
    return labels->unit ? labels->unit : "line";
}

void io_csv_labels_free(struct io_csv_labels *labels)
{
    for (int64_t i = 0; i < labels->n; i++)
        bl_free(&labels->seen[i].text);
    labels->n = 0;
    bl_free(&labels->seen);
    bl_free(&labels->names);
    labels->n_names = 0;
}

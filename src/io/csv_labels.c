#include "io/csv_labels.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* 1 if text is a whole number: digits with a sign, and .0 as spreadsheets and pandas write it. A number
 * beyond int64 becomes INT64_MAX or INT64_MIN. */
static int whole_number(const char *text, int64_t *value)
{
    const char *digits = text + (*text == '-' || *text == '+');
    size_t n = strspn(digits, "0123456789");
    const char *rest = digits + n;
    if (rest[0] == '.' && rest[1] == '0')
        rest += 1 + strspn(rest + 1, "0");
    if (n == 0 || *rest != '\0')
        return 0;
    *value = strtoll(text, NULL, 10);
    return 1;
}

/* The index of text in names, or where it would be inserted. */
static int64_t search(const struct io_csv_labels *labels, const char *text, int *found)
{
    int64_t lo = 0, hi = labels->n;
    *found = 0;
    while (lo < hi) {
        int64_t middle = lo + (hi - lo) / 2;
        int order = strcmp(text, labels->names[middle]);
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

static int insert(struct io_csv_labels *labels, int64_t place, const char *text, struct bl_error *err)
{
    char *name;
    int code = bl_alloc(&name, (int64_t)strlen(text) + 1, 1, "a class name", err);
    if (code != BL_OK)
        return code;
    memcpy(name, text, strlen(text) + 1);
    memmove(labels->names + place + 1, labels->names + place,
            (size_t)(labels->n - place) * sizeof *labels->names);
    labels->names[place] = name;
    labels->n++;
    return BL_OK;
}

static int note_name(struct io_csv_labels *labels, const char *text, struct bl_error *err)
{
    int found;
    int64_t place = search(labels, text, &found);
    if (found || labels->too_many)
        return BL_OK;
    if (labels->n == IO_CSV_NAMES_MAX) {
        labels->too_many = 1;
        return BL_OK;
    }
    int code = bl_grow(&labels->names, labels->n, &labels->room, sizeof *labels->names, "class names", err);
    return code == BL_OK ? insert(labels, place, text, err) : code;
}

static void note_number(struct io_csv_labels *labels, const char *text, int64_t value, int64_t line)
{
    if (labels->n == 0)
        labels->max_label = -1;
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
    if (*text == '\0')
        return bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ": the label is empty; fill it in or remove the row", path, line);
    if (strlen(text) > IO_CSV_NAME_MAX_BYTES)
        return bl_fail(err, BL_INPUT, "%s, line %" PRId64 ": the label is longer than %d bytes", path, line,
                       IO_CSV_NAME_MAX_BYTES);
    if (whole_number(text, &value))
        note_number(labels, text, value, line);
    else
        labels->any_text = 1;
    int code = note_name(labels, text, err);
    if (code == BL_OK && labels->any_text && labels->too_many)
        code = bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ": more than %d different labels; is it the label column?", path,
                       line, IO_CSV_NAMES_MAX);
    return code;
}

int io_csv_labels_settle(struct io_csv_labels *labels, const char *path, struct bl_error *err)
{
    if (labels->any_text) {
        labels->max_label = labels->n - 1;
        return BL_OK;
    }
    if (labels->bad_line > 0)
        return bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ": the label %s can't be a class; they are whole numbers from 0 "
                       "to 2147483647, -1 means none",
                       path, labels->bad_line, labels->bad_text);
    return BL_OK;
}

int io_csv_labels_find(const struct io_csv_labels *labels, const char *text, int32_t *label)
{
    int64_t value = 0;
    int found;
    if (labels->any_text)
        value = search(labels, text, &found);
    else
        found = whole_number(text, &value) && value >= -1 && value <= labels->max_label;
    *label = found ? (int32_t)value : -1;
    return found;
}

void io_csv_labels_free(struct io_csv_labels *labels)
{
    for (int64_t i = 0; i < labels->n; i++)
        bl_free(&labels->names[i]);
    labels->n = 0;
    bl_free(&labels->names);
}

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "config/config.h"
#include "io/csv_labels.h"
#include "io/csv_record.h"
#include "io/format.h"

/* CSV, read twice: once to count and to learn the labels' names, once to deliver. Cells are converted only
 * the second time. */

enum { NO_COLUMN = -1, LIST_BYTES = 400 };

struct csv {
    FILE *file;
    char path[BL_PATH_MAX];
    struct csv_record record;
    struct csv_labels labels;
    int64_t n_columns, label_column, id_column, id_bytes, row;
    int has_header;
};

static int64_t dim_of(const struct csv *csv)
{
    return csv->n_columns - (csv->label_column != NO_COLUMN) - (csv->id_column != NO_COLUMN);
}

static int read_number(const char *text, float *value)
{
    char *end;
    errno = 0;
    *value = strtof(text, &end);
    return end != text && end[strspn(end, " \t")] == '\0' && !(errno == ERANGE && isinf(*value));
}

/* The place of a column among the first record's fields: a number as it is, a name by looking. */
static int find_column(const struct csv *csv, const char *option, const char *wanted, int64_t *column,
                       struct bl_error *err)
{
    const struct csv_record *record = &csv->record;
    char list[LIST_BYTES] = "";
    *column = NO_COLUMN;
    if (!wanted)
        return BL_OK;
    if (*wanted && wanted[strspn(wanted, "0123456789")] == '\0') {
        *column = strtoll(wanted, NULL, 10);
        return *column < record->n_fields ? BL_OK
                                          : bl_fail(err, BL_USAGE, "%s %s: %s has the columns 0 to %" PRId64,
                                                    option, wanted, csv->path, record->n_fields - 1);
    }
    for (int64_t i = 0; i < record->n_fields; i++) {
        const char *name = csv_record_field(record, i);
        if (strcmp(name, wanted) == 0) {
            *column = i;
            return BL_OK;
        }
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", name);
    }
    return bl_fail(err, BL_USAGE, "%s %s: %s has no such column; its first line has %s%s", option, wanted,
                   csv->path, list, strlen(list) == sizeof list - 1 ? "..." : "");
}

static int is_name(const char *column)
{
    return column && column[strspn(column, "0123456789")] != '\0';
}

/* Whether the first record names the columns: something that must be a number isn't one. */
static int looks_like_header(const struct csv *csv)
{
    float value;
    for (int64_t i = 0; i < csv->n_columns; i++)
        if (i != csv->label_column && i != csv->id_column &&
            !read_number(csv_record_field(&csv->record, i), &value))
            return 1;
    return 0;
}

/* What the first record tells: the columns, and whether it is a header. */
static int read_first(struct csv *csv, const struct io_source_options *options, struct bl_error *err)
{
    int got;
    const int named = is_name(options->label_column) || is_name(options->id_column);
    int code = csv_record_next(&csv->record, &got, err);
    if (code != BL_OK)
        return code;
    if (!got)
        return bl_fail(err, BL_INPUT, "%s is empty", csv->path);
    if (named && options->no_header)
        return bl_fail(err, BL_USAGE, "columns have names only in a header; give the column's number from 0");
    csv->n_columns = csv->record.n_fields;
    code = find_column(csv, "--label-column", options->label_column, &csv->label_column, err);
    if (code == BL_OK)
        code = find_column(csv, "--id-column", options->id_column, &csv->id_column, err);
    if (code != BL_OK)
        return code;
    if (csv->label_column != NO_COLUMN && csv->label_column == csv->id_column)
        return bl_fail(err, BL_USAGE, "--label-column and --id-column are the same column");
    csv->has_header = !options->no_header && (named || looks_like_header(csv));
    return BL_OK;
}

/* The next row of data, with as many fields as the first line. */
static int next_row(struct csv *csv, int *got, struct bl_error *err)
{
    const struct csv_record *record = &csv->record;
    int code = csv_record_next(&csv->record, got, err);
    if (code == BL_OK && *got && record->n_fields != csv->n_columns)
        code = bl_fail(err, BL_INPUT,
                       "%s: line %" PRId64 " has %" PRId64 " fields but the first line has %" PRId64,
                       csv->path, record->line, record->n_fields, csv->n_columns);
    return code;
}

static int rewind_to_rows(struct csv *csv, struct bl_error *err)
{
    int got;
    int code = csv_record_begin(&csv->record, csv->file, csv->path, err);
    if (code == BL_OK && csv->has_header)
        code = csv_record_next(&csv->record, &got, err);
    return code;
}

static int count_rows(struct csv *csv, int64_t *rows, struct bl_error *err)
{
    int code = rewind_to_rows(csv, err);
    for (*rows = 0; code == BL_OK; ++*rows) {
        int got;
        code = next_row(csv, &got, err);
        if (code != BL_OK || !got)
            return code;
        if (csv->label_column != NO_COLUMN) {
            code = csv_labels_add(&csv->labels, csv_record_field(&csv->record, csv->label_column),
                                  csv->record.line, err);
            if (code == BL_INPUT)
                bl_fail_prefix(err, "%s", csv->path);
        }
        if (csv->id_column != NO_COLUMN) {
            const int64_t n = (int64_t)strlen(csv_record_field(&csv->record, csv->id_column));
            csv->id_bytes = n > csv->id_bytes ? n : csv->id_bytes;
        }
    }
    return code;
}

static int read_head(struct csv *csv, const struct io_source_options *options, struct io_source_info *info,
                     struct bl_error *err)
{
    int64_t rows = 0;
    int code = csv_record_begin(&csv->record, csv->file, csv->path, err);
    if (code == BL_OK)
        code = read_first(csv, options, err);
    if (code == BL_OK && dim_of(csv) == 0)
        code = bl_fail(err, BL_USAGE, "%s has no column left for features", csv->path);
    if (code == BL_OK)
        code = count_rows(csv, &rows, err);
    if (code == BL_OK && rows == 0)
        code = bl_fail(err, BL_INPUT, "%s has a header but no rows", csv->path);
    if (code == BL_OK && csv->label_column != NO_COLUMN)
        code = csv_labels_finish(&csv->labels, csv->path, err);
    if (code != BL_OK)
        return code;
    csv->id_bytes = csv->id_column != NO_COLUMN && csv->id_bytes == 0 ? 1 : csv->id_bytes;
    *info = (struct io_source_info){.rows = rows,
                                    .dim = dim_of(csv),
                                    .type = BL_FLOAT32,
                                    .has_labels = csv->label_column != NO_COLUMN,
                                    .n_classes = csv->labels.n_names,
                                    .class_names = csv->labels.names,
                                    .has_ids = csv->id_column != NO_COLUMN,
                                    .id_bytes = csv->id_bytes};
    return rewind_to_rows(csv, err);
}

static int csv_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                    void **state, struct bl_error *err)
{
    struct csv *csv;
    int code = bl_alloc_zero(&csv, 1, sizeof *csv, "reading CSV", err);
    if (code != BL_OK)
        return code;
    *state = csv;
    csv->label_column = csv->id_column = NO_COLUMN;
    snprintf(csv->path, sizeof csv->path, "%s", path);
    csv->file = fopen(path, "rb");
    return csv->file ? read_head(csv, options, info, err) : bl_fail_path(err, "open", path, errno);
}

static int bad_cell(const struct csv *csv, int64_t column, const char *why, struct bl_error *err)
{
    char cell[40];
    snprintf(cell, sizeof cell, "%s", csv_record_field(&csv->record, column));
    return bl_fail(err, BL_INPUT, "%s: line %" PRId64 ", column %" PRId64 " (from 0): '%s' %s", csv->path,
                   csv->record.line, column, cell, why);
}

static int convert_row(const struct csv *csv, float *features, int32_t *label, char *id, struct bl_error *err)
{
    for (int64_t i = 0; i < csv->n_columns; i++) {
        const char *text = csv_record_field(&csv->record, i);
        const size_t n = strlen(text);
        if (i == csv->label_column) {
            if (label && !csv_labels_class(&csv->labels, text, label))
                return bad_cell(csv, i, "was not there before; the file changed while it was read", err);
        } else if (i == csv->id_column) {
            if (n > (size_t)csv->id_bytes)
                return bad_cell(csv, i, "was not there before; the file changed while it was read", err);
            if (id)
                memcpy(id, text, n);
        } else if (!read_number(text, features++)) {
            return bad_cell(csv, i, "is not a number that a float32 can hold", err);
        }
    }
    return BL_OK;
}

static int next_promised(struct csv *csv, struct bl_error *err)
{
    int got;
    int code = next_row(csv, &got, err);
    if (code == BL_OK && !got)
        code = bl_fail(err, BL_INPUT, "%s ends before row %" PRId64 "; it changed while it was read",
                       csv->path, csv->row);
    csv->row++;
    return code;
}

static int csv_read(void *state, int64_t n, void *features, int32_t *labels, char *ids, struct bl_error *err)
{
    struct csv *csv = state;
    const int64_t dim = dim_of(csv);
    if (ids)
        memset(ids, 0, (size_t)(n * csv->id_bytes));
    for (int64_t i = 0; i < n; i++) {
        int code = next_promised(csv, err);
        if (code == BL_OK)
            code = convert_row(csv, (float *)features + i * dim, labels ? labels + i : NULL,
                               ids ? ids + i * csv->id_bytes : NULL, err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

static int csv_skip(void *state, int64_t n, struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t i = 0; i < n && code == BL_OK; i++)
        code = next_promised(state, err);
    return code;
}

static void csv_close(void *state)
{
    struct csv *csv = state;
    if (csv->file)
        fclose(csv->file);
    csv_record_free(&csv->record);
    csv_labels_free(&csv->labels);
    bl_free(&csv);
}

const struct io_format io_format_csv = {"csv", csv_open, csv_read, csv_skip, csv_close};

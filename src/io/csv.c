#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blank.h"
#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "io/csv_labels.h"
#include "io/csv_text.h"
#include "io/format.h"
#include "io/text_number.h"

/* CSV is read twice: opening checks every cell and finds the number of rows, the labels and the longest id;
 * reading delivers rows. Columns are counted from 0, lines from 1. */

enum { ID_MAX_BYTES = 1024, PROGRESS_ROWS = 1 << 13 };

struct csv {
    struct io_csv_text text;
    struct io_csv_labels labels;
    int64_t n_columns;
    int64_t label_column, id_column; /* -1: none */
    int has_header;
    int wide, decimal_comma;
    int are_bytes; /* all features so far */
    int64_t dim, id_bytes;
    char *header;         /* the names of columns, each ended by a zero byte */
    const char **columns; /* [dim] of them, those of the features; NULL: no header */
    int64_t *numbers;     /* [dim] the columns of the features */
};

static int is_feature(const struct csv *csv, int64_t column)
{
    return column != csv->label_column && column != csv->id_column;
}

/* A number with a comma in the place of the point, and no point. */
static int read_comma_number(const char *cell, int wide, double *value)
{
    char text[64];
    if (snprintf(text, sizeof text, "%s", cell) >= (int)sizeof text || strchr(text, '.'))
        return 0;
    char *comma = strchr(text, ',');
    if (comma)
        *comma = '.';
    return io_text_number(text, wide, value);
}

static int read_number(const struct csv *csv, const char *cell, double *value)
{
    return csv->decimal_comma ? read_comma_number(cell, csv->wide, value)
                              : io_text_number(cell, csv->wide, value);
}

static int fail_cell(const struct csv *csv, int64_t column, struct bl_error *err)
{
    const char *cell = io_csv_text_cell(&csv->text, column), *path = csv->text.stream.path;
    double value;
    if (io_text_is_blank(cell))
        return bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ", column %" PRId64
                       " (counted from 0): the cell is empty; fill it in or remove the row",
                       path, csv->text.line, column);
    if (!csv->decimal_comma && strchr(cell, ',') && read_comma_number(cell, 1, &value))
        return bl_fail(
            err, BL_INPUT,
            "%s, line %" PRId64 ", column %" PRId64
            " (counted from 0): '%.40s' is not a number; with a decimal comma, add --decimal comma",
            path, csv->text.line, column, cell);
    return bl_fail(err, BL_INPUT,
                   "%s, line %" PRId64 ", column %" PRId64
                   " (counted from 0): '%.40s' is not a number of %s; labels and ids need "
                   "--label-column and --id-column",
                   path, csv->text.line, column, cell, csv->wide ? "float64" : "float32");
}

/* The names in the first line, as far as they fit. */
static void list_columns(const struct csv *csv, char *list, size_t size)
{
    size_t used = 0;
    for (int64_t i = 0; i < csv->n_columns && used < size; i++)
        used += (size_t)snprintf(list + used, size - used, "%s%.30s", i ? ", " : "",
                                 io_csv_text_cell(&csv->text, i));
}

static int fail_no_column(const struct csv *csv, const char *option, const char *wanted, int no_header,
                          struct bl_error *err)
{
    char list[400] = "";
    if (no_header)
        return bl_fail(err, BL_USAGE, "%s %s: without a header, columns have the numbers 0 to %" PRId64,
                       option, wanted, csv->n_columns - 1);
    list_columns(csv, list, sizeof list);
    return bl_fail(err, BL_USAGE, "%s %s: no such column in %s; there are (from 0) %s", option, wanted,
                   csv->text.stream.path, list);
}

/* How many columns have that name; *column becomes the last of them. */
static int64_t count_named(const struct csv *csv, const char *name, int64_t *column)
{
    int64_t matches = 0;
    for (int64_t i = 0; i < csv->n_columns; i++)
        if (strcmp(io_csv_text_cell(&csv->text, i), name) == 0) {
            *column = i;
            matches++;
        }
    return matches;
}

/* The column of an option: by its number, otherwise by its name in the first line, which then is a header. */
static int find_column(struct csv *csv, const char *option, const char *wanted, int no_header,
                       int64_t *column, struct bl_error *err)
{
    char *end;
    int64_t matches = 0;
    if (!wanted)
        return BL_OK;
    long long number = strtoll(wanted, &end, 10);
    if (end != wanted && *end == '\0' && number >= 0 && number < csv->n_columns) {
        *column = number;
        return BL_OK;
    }
    matches = no_header ? 0 : count_named(csv, wanted, column);
    if (matches == 0 && !no_header) { /* blanks around a name have been removed from the file's */
        char name[IO_CSV_NAME_MAX_BYTES + 1];
        snprintf(name, sizeof name, "%s", wanted);
        matches = count_named(csv, bl_blank_trim(name), column);
    }
    if (matches > 1)
        return bl_fail(err, BL_USAGE, "%s %s: %s has %" PRId64 " columns of that name; give a number", option,
                       wanted, csv->text.stream.path, matches);
    csv->has_header |= matches == 1;
    return matches == 1 ? BL_OK : fail_no_column(csv, option, wanted, no_header, err);
}

/* The first line is a header if the options name a column by it or some feature cell isn't a number. */
static int looks_like_header(const struct csv *csv)
{
    double value;
    for (int64_t i = 0; i < csv->n_columns; i++) {
        const char *cell = io_csv_text_cell(&csv->text, i);
        if (is_feature(csv, i) && !io_text_is_blank(cell) && !read_number(csv, cell, &value))
            return 1;
    }
    return 0;
}

static int number_columns(struct csv *csv, struct bl_error *err)
{
    int code = bl_alloc(&csv->numbers, csv->dim, sizeof *csv->numbers, "the numbers of columns", err);
    for (int64_t i = 0, d = 0; i < csv->n_columns && code == BL_OK; i++)
        if (is_feature(csv, i))
            csv->numbers[d++] = i;
    return code;
}

/* Keeps the names of the feature columns. */
static int keep_header(struct csv *csv, struct bl_error *err)
{
    const int64_t n = csv->text.record_bytes;
    int code = bl_alloc(&csv->header, n, 1, "the names of columns", err);
    if (code == BL_OK)
        code = bl_alloc(&csv->columns, csv->dim, sizeof *csv->columns, "the names of columns", err);
    if (code != BL_OK)
        return code;
    memcpy(csv->header, csv->text.record, (size_t)n);
    for (int64_t d = 0; d < csv->dim; d++)
        csv->columns[d] = csv->header + csv->text.cells[csv->numbers[d]];
    return BL_OK;
}

static int read_first_line(struct csv *csv, const struct io_source_options *options, struct bl_error *err)
{
    int got;
    int code = io_csv_text_next(&csv->text, &got, err);
    if (code == BL_OK && !got)
        code = bl_fail(err, BL_INPUT, "%s is empty; check the path", csv->text.stream.path);
    if (code != BL_OK)
        return code;
    csv->n_columns = csv->text.n_cells;
    code = find_column(csv, "--label-column", options->label_column, options->no_header, &csv->label_column,
                       err);
    if (code == BL_OK)
        code = find_column(csv, "--id-column", options->id_column, options->no_header, &csv->id_column, err);
    if (code != BL_OK)
        return code;
    if (options->labels_alone && csv->n_columns == 1 && csv->label_column < 0 && csv->id_column < 0)
        csv->label_column = 0;
    if (csv->label_column >= 0 && csv->label_column == csv->id_column)
        return bl_fail(err, BL_USAGE, "--label-column and --id-column are the same column of %s; choose two",
                       csv->text.stream.path);
    csv->dim = csv->n_columns - (csv->label_column >= 0) - (csv->id_column >= 0);
    csv->has_header |= !options->no_header && looks_like_header(csv);
    code = number_columns(csv, err);
    return code == BL_OK && csv->has_header ? keep_header(csv, err) : code;
}

static int check_width(const struct csv *csv, struct bl_error *err)
{
    if (csv->text.n_cells == csv->n_columns)
        return BL_OK;
    return bl_fail(err, BL_INPUT,
                   "%s, line %" PRId64 " has %s but the first line has %" PRId64
                   "; quote cells that contain a delimiter",
                   csv->text.stream.path, csv->text.line, bl_count(csv->text.n_cells, "cell").text,
                   csv->n_columns);
}

static int note_id(struct csv *csv, struct bl_error *err)
{
    int64_t n = (int64_t)strlen(io_csv_text_cell(&csv->text, csv->id_column));
    if (n == 0 || n > ID_MAX_BYTES)
        return bl_fail(err, BL_INPUT, "%s, line %" PRId64 ": the id is %s", csv->text.stream.path,
                       csv->text.line, n == 0 ? "empty; fill it in" : "longer than 1024 bytes");
    if (n > csv->id_bytes)
        csv->id_bytes = n;
    return BL_OK;
}

/* The first pass over one record. */
static int check_record(struct csv *csv, struct bl_error *err)
{
    double value;
    int code = check_width(csv, err);
    for (int64_t i = 0; i < csv->n_columns && code == BL_OK; i++) {
        if (!is_feature(csv, i))
            continue;
        if (!read_number(csv, io_csv_text_cell(&csv->text, i), &value))
            code = fail_cell(csv, i, err);
        else
            csv->are_bytes &= value >= 0.0 && value <= 255.0 && value == floor(value);
    }
    if (code == BL_OK && csv->label_column >= 0)
        code = io_csv_labels_note(&csv->labels, io_csv_text_cell(&csv->text, csv->label_column),
                                  csv->text.stream.path, csv->text.line, err);
    if (code == BL_OK && csv->id_column >= 0)
        code = note_id(csv, err);
    return code;
}

/* Goes back to the first row of data. */
static int rewind_rows(struct csv *csv, struct bl_error *err)
{
    int got;
    int code = io_csv_text_rewind(&csv->text, err);
    return code == BL_OK && csv->has_header ? io_csv_text_next(&csv->text, &got, err) : code;
}

static int scan(struct csv *csv, struct io_source_info *info, struct bl_error *err)
{
    int64_t rows = 0;
    int got = 1;
    int code = rewind_rows(csv, err);
    while (code == BL_OK && got) {
        code = io_csv_text_next(&csv->text, &got, err);
        if (code == BL_OK && got)
            code = check_record(csv, err);
        rows += got;
        if (rows % PROGRESS_ROWS == 0)
            bl_log_progress("checking %s: %d %%", csv->text.stream.path,
                            io_stream_percent(&csv->text.stream));
    }
    if (code == BL_OK)
        code = io_csv_labels_settle(&csv->labels, csv->text.stream.path, err);
    if (code != BL_OK)
        return code;
    *info = (struct io_source_info){.rows = rows,
                                    .dim = csv->dim,
                                    .type = csv->wide ? BL_FLOAT64 : BL_FLOAT32,
                                    .is_text = 1,
                                    .are_bytes = csv->are_bytes,
                                    .has_header = csv->has_header,
                                    .note = csv->has_header ? "the first line was a header"
                                                            : "the first line was data",
                                    .has_labels = csv->label_column >= 0,
                                    .columns = csv->columns,
                                    .column_numbers = csv->numbers,
                                    .max_label = csv->labels.n > 0 ? csv->labels.max_label : -1,
                                    .n_classes = csv->labels.n_names,
                                    .class_names = csv->labels.names,
                                    .remarks = &csv->labels.remarks,
                                    .has_ids = csv->id_column >= 0,
                                    .id_bytes = csv->id_bytes};
    return rewind_rows(csv, err);
}

static int csv_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                    void **state, struct bl_error *err)
{
    struct csv *csv;
    int code = bl_alloc_zero(&csv, 1, sizeof *csv, "reading CSV", err);
    if (code != BL_OK)
        return code;
    *state = csv;
    csv->label_column = csv->id_column = -1;
    csv->labels.known = options->class_names;
    csv->labels.n_known = options->n_class_names;
    csv->wide = options->wide;
    csv->decimal_comma = options->decimal_comma;
    csv->are_bytes = 1;
    code = io_csv_text_open(&csv->text, path, err);
    if (csv->decimal_comma && csv->text.delimiter == ',')
        csv->text.delimiter = ';'; /* then there is one column */
    if (code == BL_OK)
        code = read_first_line(csv, options, err);
    return code == BL_OK ? scan(csv, info, err) : code;
}

static int fail_changed(const struct csv *csv, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s, line %" PRId64 ": the file changed while it was read; try again",
                   csv->text.stream.path, csv->text.line);
}

/* Delivers the current record. */
static int deliver(const struct csv *csv, void *features, int32_t *label, char *id, struct bl_error *err)
{
    int code = check_width(csv, err);
    for (int64_t i = 0, d = 0; i < csv->n_columns && code == BL_OK; i++) {
        double value;
        if (!is_feature(csv, i))
            continue;
        if (!read_number(csv, io_csv_text_cell(&csv->text, i), &value))
            code = fail_cell(csv, i, err);
        else if (csv->wide)
            ((double *)features)[d++] = value;
        else
            ((float *)features)[d++] = (float)value;
    }
    if (code != BL_OK)
        return code;
    if (label && !io_csv_labels_find(&csv->labels, io_csv_text_cell(&csv->text, csv->label_column), label))
        return fail_changed(csv, err);
    if (id) {
        const char *cell = io_csv_text_cell(&csv->text, csv->id_column);
        size_t n = strlen(cell);
        if (n > (size_t)csv->id_bytes)
            return fail_changed(csv, err);
        memset(id, 0, (size_t)csv->id_bytes);
        memcpy(id, cell, n);
    }
    return BL_OK;
}

static int next_row(struct csv *csv, struct bl_error *err)
{
    int got;
    int code = io_csv_text_next(&csv->text, &got, err);
    return code == BL_OK && !got ? fail_changed(csv, err) : code;
}

static int csv_read(void *state, int64_t n, void *features, void *labels, char *ids, struct bl_error *err)
{
    struct csv *csv = state;
    int code = BL_OK;
    for (int64_t i = 0; i < n && code == BL_OK; i++) {
        code = next_row(csv, err);
        if (code == BL_OK)
            code = deliver(csv, (char *)features + i * csv->dim * (csv->wide ? 8 : 4),
                           labels && csv->label_column >= 0 ? (int32_t *)labels + i : NULL,
                           ids && csv->id_column >= 0 ? ids + i * csv->id_bytes : NULL, err);
    }
    return code;
}

static int csv_skip(void *state, int64_t n, struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t i = 0; i < n && code == BL_OK; i++)
        code = next_row(state, err);
    return code;
}

static void csv_close(void *state)
{
    struct csv *csv = state;
    io_csv_text_close(&csv->text);
    io_csv_labels_free(&csv->labels);
    bl_free(&csv->header);
    bl_free(&csv->columns);
    bl_free(&csv->numbers);
    bl_free(&csv);
}

const struct io_format io_format_csv = {.name = "csv",
                                        .summary = "text with a row a line; columns may hold labels and ids",
                                        .endings = {".csv", ".tsv"},
                                        .open = csv_open,
                                        .read = csv_read,
                                        .skip = csv_skip,
                                        .close = csv_close};

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "base/log.h"
#include "io/format.h"
#include "io/lines.h"
#include "io/text_number.h"

/* The text of SVMlight and LIBSVM: a row a line, "LABEL[,LABEL]... [qid:N] INDEX:VALUE ... # comment", of which the
 * values that aren't there are 0. It is read twice: opening checks everything and finds rows, features and labels;
 * reading delivers rows with all their values. */

/* COLUMNS_MAX is the widest layer of a network, so no wider row could be used. */
enum { COLUMNS_MAX = 1 << 24, LABELS_MAX = 65536, PROGRESS_ROWS = 1 << 13 };

struct svmlight {
    struct io_lines lines; /* at the first row not yet delivered */
    int wide, without_labels;
    int64_t blank_line; /* a blank line that was passed over; 0: none */

    char *label_list; /* of the current row, what isn't read yet; NULL: no more */
    char *rest;       /* of the current row behind its labels */
    int64_t last;     /* index of the current row; -1: none yet */

    int64_t rows, zero_line, most, most_line; /* the index 0, if it occurs, and the largest; -1: no index */
    int are_bytes, has_qid;
    int64_t max_label, max_label_line, several_line, none_line, negative_line; /* 0: no such line */
    int has_labels;

    int64_t first_index, dim, label_columns; /* once settled */
};

static int fail_line(const struct svmlight *file, int64_t line, const char *what, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s, line %" PRId64 "%s", file->lines.stream.path, line, what);
}

static int fail_changed(const struct svmlight *file, struct bl_error *err)
{
    return fail_line(file, file->lines.number, ": the file changed while it was read; try again", err);
}

/* The next word of a line, which is cut off from it; NULL: no more. */
static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t");
    if (*word == '\0')
        return NULL;
    *at = word + strcspn(word, " \t");
    if (**at)
        *(*at)++ = '\0';
    return word;
}

static int is_digits(const char *text, size_t n)
{
    return n > 0 && strspn(text, "0123456789") >= n;
}

/* Goes behind the labels and the qid of the line. */
static int begin_row(struct svmlight *file, char *text, struct bl_error *err)
{
    char *next = text;
    char *word = next_word(&next);
    file->last = -1;
    file->label_list = NULL;
    file->rest = word;
    if (!strchr(word, ':')) {
        file->label_list = word;
        file->rest = next;
    } else if (*next) {
        word[strlen(word)] = ' '; /* the word is no label, so it is read again */
    }
    char *at = file->rest + strspn(file->rest, " \t");
    if (strncmp(at, "qid:", 4) != 0)
        return BL_OK;
    word = next_word(&at);
    file->rest = at;
    file->has_qid = 1;
    if (is_digits(word + 4, strlen(word + 4)))
        return BL_OK;
    return bl_fail(err, BL_INPUT, "%s, line %" PRId64 ": '%.40s' isn't qid: and a whole number",
                   file->lines.stream.path, file->lines.number, word);
}

/* Goes to the next line that has a row; *got is 0 at the end. */
static int next_row(struct svmlight *file, int *got, struct bl_error *err)
{
    for (;;) {
        int code = io_lines_next(&file->lines, got, err);
        if (code != BL_OK || !*got)
            return code;
        char *text = file->lines.text;
        char *comment = strchr(text, '#');
        if (comment)
            *comment = '\0';
        if (text[strspn(text, " \t")] == '\0') {
            if (!comment && file->blank_line == 0)
                file->blank_line = file->lines.number;
            continue;
        }
        if (file->blank_line > 0)
            return fail_line(file, file->blank_line, " is blank; remove it or fill in its row", err);
        return begin_row(file, text, err);
    }
}

/* The next label of the row; *got is 0 behind the last. */
static int next_label(struct svmlight *file, int64_t *label, int *got, struct bl_error *err)
{
    char *text = file->label_list, *end;
    *got = text != NULL;
    if (!text)
        return BL_OK;
    file->label_list = strchr(text, ',');
    if (file->label_list)
        *file->label_list++ = '\0';
    const double value = strtod(text, &end);
    if (end != text && *end == '\0' && strspn(text, "+-.0123456789eE") == strlen(text) &&
        value == floor(value) && value >= -1.0 && value <= INT32_MAX) {
        *label = (int64_t)value;
        return BL_OK;
    }
    return bl_fail(err, BL_INPUT,
                   "%s, line %" PRId64 ": the label '%.40s' can't be a class; they are whole numbers from 0 "
                   "to 2147483647, -1 means none",
                   file->lines.stream.path, file->lines.number, text);
}

static int fail_index(const struct svmlight *file, int64_t index, struct bl_error *err)
{
    const char *path = file->lines.stream.path;
    if (index > COLUMNS_MAX)
        return bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ": an index is beyond %d, the most values that a row can have",
                       path, file->lines.number, COLUMNS_MAX);
    if (index == file->last)
        return bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ": the index %" PRId64 " occurs twice; a row has it once", path,
                       file->lines.number, index);
    return bl_fail(err, BL_INPUT,
                   "%s, line %" PRId64 ": the index %" PRId64 " stands behind %" PRId64
                   "; sort the indices of each row",
                   path, file->lines.number, index, file->last);
}

/* The next index and value of the row; *got is 0 behind the last. */
static int next_value(struct svmlight *file, int64_t *index, double *value, int *got, struct bl_error *err)
{
    char *word = next_word(&file->rest);
    *got = word != NULL;
    if (!word)
        return BL_OK;
    char *colon = strchr(word, ':');
    if (!colon || !is_digits(word, (size_t)(colon - word)))
        return bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ": '%.40s' isn't index:value; write every value of the row so",
                       file->lines.stream.path, file->lines.number, word);
    *index = 0;
    for (const char *digit = word; digit < colon && *index <= COLUMNS_MAX; digit++)
        *index = 10 * *index + (*digit - '0');
    if (*index > COLUMNS_MAX || *index <= file->last)
        return fail_index(file, *index, err);
    file->last = *index;
    if (io_text_number(colon + 1, file->wide, value))
        return BL_OK;
    return bl_fail(err, BL_INPUT, "%s, line %" PRId64 ": '%.40s' of index %" PRId64 " is not a number of %s",
                   file->lines.stream.path, file->lines.number, colon + 1, *index,
                   file->wide ? "float64" : "float32");
}

/* The first pass over the labels of a row. */
static int check_labels(struct svmlight *file, struct bl_error *err)
{
    const int64_t line = file->lines.number;
    int64_t label, n = 0;
    int got = 1, code = BL_OK;
    while (code == BL_OK && got) {
        code = next_label(file, &label, &got, err);
        if (code != BL_OK || !got)
            break;
        n++;
        if (label < 0 && file->negative_line == 0)
            file->negative_line = line;
        if (label > file->max_label) {
            file->max_label = label;
            file->max_label_line = line;
        }
    }
    file->has_labels |= n > 0;
    if (n > 1 && file->several_line == 0)
        file->several_line = line;
    if (n == 0 && file->none_line == 0)
        file->none_line = line;
    return code;
}

static int check_row(struct svmlight *file, struct bl_error *err)
{
    int64_t index;
    double value;
    int got = 1;
    int code = file->without_labels ? BL_OK : check_labels(file, err);
    while (code == BL_OK && got) {
        code = next_value(file, &index, &value, &got, err);
        if (code != BL_OK || !got)
            break;
        file->are_bytes &= value >= 0.0 && value <= 255.0 && value == floor(value);
        if (index == 0 && file->zero_line == 0)
            file->zero_line = file->lines.number;
        if (index > file->most) {
            file->most = index;
            file->most_line = file->lines.number;
        }
    }
    return code;
}

static int settle_width(struct svmlight *file, const struct io_source_options *options, struct bl_error *err)
{
    file->first_index = options->has_first_index ? options->first_index : file->zero_line == 0;
    if (file->first_index > 0 && file->zero_line > 0)
        return fail_line(file, file->zero_line, " has the index 0, but --first-index says 1", err);
    file->dim = file->most < 0 ? 0 : file->most - file->first_index + 1;
    if (options->width > 0 && file->dim > options->width)
        return bl_fail(
            err, BL_INPUT,
            "%s, line %" PRId64 " has the index %" PRId64 ", but here rows have %s (indices %" PRId64
            " to %" PRId64 "), as --columns, the file's other splits or the model say",
            file->lines.stream.path, file->most_line, file->most, bl_count(options->width, "feature").text,
            file->first_index, file->first_index + options->width - 1);
    if (options->width > 0)
        file->dim = options->width;
    return BL_OK;
}

/* One class a row, or a matrix if a row has several labels or the other splits have one. */
static int settle_labels(struct svmlight *file, int64_t columns, struct bl_error *err)
{
    if (!file->has_labels)
        return BL_OK;
    if (file->several_line == 0 && columns == 0) {
        if (file->none_line > 0)
            return fail_line(file, file->none_line, " has no label, but others have; write -1 for none", err);
        return BL_OK;
    }
    if (file->negative_line > 0)
        return fail_line(file, file->negative_line,
                         " has the label -1, where rows have several labels; leave its labels out for none",
                         err);
    if (file->max_label >= LABELS_MAX)
        return bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ": the label %" PRId64
                       " is beyond %d, the largest where rows have several labels",
                       file->lines.stream.path, file->max_label_line, file->max_label, LABELS_MAX - 1);
    file->label_columns = file->max_label + 1 > columns ? file->max_label + 1 : columns;
    return BL_OK;
}

static int rewind_rows(struct svmlight *file, struct bl_error *err)
{
    file->blank_line = 0;
    return io_lines_rewind(&file->lines, err);
}

static int scan(struct svmlight *file, const struct io_source_options *options, struct bl_error *err)
{
    int got = 1, code = BL_OK;
    while (code == BL_OK && got) {
        code = next_row(file, &got, err);
        if (code == BL_OK && got)
            code = check_row(file, err);
        file->rows += code == BL_OK && got;
        if (file->rows % PROGRESS_ROWS == 0)
            bl_log_progress("checking %s: %d %%", file->lines.stream.path,
                            io_stream_percent(&file->lines.stream));
    }
    if (code == BL_OK && file->rows == 0)
        code = bl_fail(err, BL_INPUT, "%s has no rows; check the path", file->lines.stream.path);
    if (code == BL_OK)
        code = settle_width(file, options, err);
    if (code == BL_OK)
        code = settle_labels(file, options->label_columns, err);
    return code == BL_OK ? rewind_rows(file, err) : code;
}

static int svmlight_open(const char *path, const struct io_source_options *options,
                         struct io_source_info *info, void **state, struct bl_error *err)
{
    static const char *const notes[2][2] = {
        {"indices from 0", "indices from 0, qid passed over"},
        {"indices from 1", "indices from 1, qid passed over"},
    };
    struct svmlight *file;
    int code = bl_alloc_zero(&file, 1, sizeof *file, "reading text", err);
    if (code != BL_OK)
        return code;
    *state = file;
    file->wide = options->wide;
    file->without_labels = options->without_labels;
    file->most = file->max_label = -1;
    file->are_bytes = 1;
    code = io_lines_open(&file->lines, path, err);
    if (code == BL_OK)
        code = scan(file, options, err);
    if (code == BL_OK)
        *info = (struct io_source_info){.rows = file->rows,
                                        .dim = file->dim,
                                        .type = file->wide ? BL_FLOAT64 : BL_FLOAT32,
                                        .is_text = 1,
                                        .are_bytes = file->are_bytes,
                                        .note = notes[file->first_index][file->has_qid],
                                        .has_labels = file->has_labels,
                                        .label_columns = file->label_columns,
                                        .max_label = file->max_label};
    return code;
}

/* The labels of the current row: its class, or its row of the matrix. */
static int deliver_labels(struct svmlight *file, void *labels, int64_t row, struct bl_error *err)
{
    uint8_t *bits = (uint8_t *)labels + row * file->label_columns;
    int64_t label;
    int got = 1, n = 0, code = BL_OK;
    memset(bits, 0, (size_t)file->label_columns);
    while (code == BL_OK && got) {
        code = next_label(file, &label, &got, err);
        if (code != BL_OK || !got)
            break;
        n++;
        if (label > file->max_label || (file->label_columns > 0 && label < 0))
            return fail_changed(file, err);
        if (file->label_columns > 0)
            bits[label] = 1;
        else
            ((int32_t *)labels)[row] = (int32_t)label;
    }
    return code == BL_OK && file->label_columns == 0 && n != 1 ? fail_changed(file, err) : code;
}

static int deliver_values(struct svmlight *file, char *features, struct bl_error *err)
{
    int64_t index;
    double value;
    int got = 1, code = BL_OK;
    memset(features, 0, (size_t)file->dim * (file->wide ? sizeof(double) : sizeof(float)));
    while (code == BL_OK && got) {
        code = next_value(file, &index, &value, &got, err);
        if (code != BL_OK || !got)
            break;
        index -= file->first_index;
        if (index < 0 || index >= file->dim)
            return fail_changed(file, err);
        if (file->wide)
            ((double *)(void *)features)[index] = value;
        else
            ((float *)(void *)features)[index] = (float)value;
    }
    return code;
}

static int svmlight_read(void *state, int64_t n, void *features, void *labels, char *ids,
                         struct bl_error *err)
{
    struct svmlight *file = state;
    const int64_t row_bytes = file->dim * (int64_t)(file->wide ? sizeof(double) : sizeof(float));
    int got, code = BL_OK;
    (void)ids;
    for (int64_t i = 0; i < n && code == BL_OK; i++) {
        code = next_row(file, &got, err);
        if (code == BL_OK && !got)
            code = fail_changed(file, err);
        if (code == BL_OK && labels && file->has_labels)
            code = deliver_labels(file, labels, i, err);
        if (code == BL_OK)
            code = deliver_values(file, (char *)features + i * row_bytes, err);
    }
    return code;
}

static int svmlight_skip(void *state, int64_t n, struct bl_error *err)
{
    struct svmlight *file = state;
    int got, code = BL_OK;
    for (int64_t i = 0; i < n && code == BL_OK; i++) {
        code = next_row(file, &got, err);
        if (code == BL_OK && !got)
            code = fail_changed(file, err);
    }
    return code;
}

static void svmlight_close(void *state)
{
    struct svmlight *file = state;
    io_lines_close(&file->lines);
    bl_free(&file);
}

const struct io_format io_format_svmlight = {.name = "svmlight",
                                             .summary = "text with index:value of what isn't 0, as of LIBSVM",
                                             .endings = {".svm", ".svmlight", ".libsvm"},
                                             .open = svmlight_open,
                                             .read = svmlight_read,
                                             .skip = svmlight_skip,
                                             .close = svmlight_close};

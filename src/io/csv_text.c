#include "io/csv_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/blank.h"
#include "base/buffer.h"

enum { BUFFER_BYTES = 1 << 18, RECORD_MAX_BYTES = 64 << 20, END = -1 };

/* Reads on if the buffer is used up; afterwards there is a byte at `at` unless the file has ended. */
static int fill(struct io_csv_text *text, struct bl_error *err)
{
    if (text->at < text->end)
        return BL_OK;
    text->at = 0;
    return io_stream_read_some(&text->stream, text->buffer, BUFFER_BYTES, &text->end, err);
}

static int peek(const struct io_csv_text *text)
{
    return text->at < text->end ? (unsigned char)text->buffer[text->at] : END;
}

static int append(struct io_csv_text *text, int c, struct bl_error *err)
{
    int code = BL_OK;
    if (text->record_bytes == RECORD_MAX_BYTES)
        return bl_fail(err, BL_INPUT,
                       "%s, line %" PRId64 ": a record longer than 64 MiB; is a quote left open there?",
                       text->stream.path, text->line);
    if (text->record_bytes == text->record_room) /* checked here: this runs for every byte */
        code = bl_grow(&text->record, text->record_bytes, &text->record_room, 1, "a CSV record", err);
    if (code == BL_OK)
        text->record[text->record_bytes++] = (char)c;
    return code;
}

static int begin_cell(struct io_csv_text *text, struct bl_error *err)
{
    int code =
        bl_grow(&text->cells, text->n_cells, &text->cells_room, sizeof *text->cells, "a CSV record", err);
    if (code == BL_OK)
        text->cells[text->n_cells++] = text->record_bytes;
    return code;
}

/* Skips \n, \r\n or \r. */
static int end_line(struct io_csv_text *text, struct bl_error *err)
{
    int first = peek(text);
    text->next_line++;
    text->at++;
    int code = fill(text, err);
    if (code == BL_OK && first == '\r' && peek(text) == '\n')
        text->at++;
    return code;
}

static int fail_zero(const struct io_csv_text *text, struct bl_error *err)
{
    return bl_fail(err, BL_INPUT, "%s, line %" PRId64 ": a zero byte; save the file as plain text in UTF-8",
                   text->stream.path, text->next_line);
}

/* The inside of a quoted cell, from behind the opening quote to behind the closing one. */
static int quoted_cell(struct io_csv_text *text, struct bl_error *err)
{
    int64_t opened = text->next_line;
    int code = BL_OK, before = 0;
    for (; code == BL_OK; text->at++) {
        code = fill(text, err);
        if (code != BL_OK)
            return code;
        int c = peek(text);
        if (c == END)
            return bl_fail(err, BL_INPUT, "%s, line %" PRId64 ": a quote is opened and never closed",
                           text->stream.path, opened);
        if (c == 0)
            return fail_zero(text, err);
        if (c == '"') {
            text->at++;
            code = fill(text, err);
            if (code != BL_OK || peek(text) != '"')
                break;
        }
        text->next_line += c == '\r' || (c == '\n' && before != '\r');
        before = c;
        code = append(text, c, err);
    }
    return code;
}

static int ends_cell(const struct io_csv_text *text, int c)
{
    return c == END || c == text->delimiter || c == '\n' || c == '\r';
}

/* Blanks before an opening quote and behind a closing one belong to no cell. */
static int pass_spaces(struct io_csv_text *text, struct bl_error *err)
{
    int code = fill(text, err);
    while (code == BL_OK && (peek(text) == ' ' || peek(text) == '\t') && peek(text) != text->delimiter) {
        text->at++;
        code = fill(text, err);
    }
    return code;
}

static int may_be_blank(char c)
{
    return c <= ' ' || (unsigned char)c >= 0x80;
}

/* Removes the blanks around the current cell, which isn't quoted. */
static void trim_cell(struct io_csv_text *text)
{
    int64_t *cell = &text->cells[text->n_cells - 1];
    const int64_t n = text->record_bytes - 1 - *cell;
    if (n > 0 && (may_be_blank(text->record[*cell]) || may_be_blank(text->record[*cell + n - 1])))
        *cell = bl_blank_trim(text->record + *cell) - text->record;
}

static int read_cell(struct io_csv_text *text, struct bl_error *err)
{
    int code = begin_cell(text, err), quoted = 0;
    if (code == BL_OK)
        code = pass_spaces(text, err);
    if (code == BL_OK && peek(text) == '"') {
        quoted = 1;
        text->at++;
        code = quoted_cell(text, err);
        if (code == BL_OK)
            code = pass_spaces(text, err);
        if (code == BL_OK && !ends_cell(text, peek(text)))
            code = bl_fail(err, BL_INPUT,
                           "%s, line %" PRId64 ": text follows a quoted cell; double the quotes inside it",
                           text->stream.path, text->next_line);
    }
    while (code == BL_OK && !ends_cell(text, peek(text))) {
        if (peek(text) == 0)
            return fail_zero(text, err);
        code = append(text, text->buffer[text->at++], err);
        if (code == BL_OK)
            code = fill(text, err);
    }
    if (code == BL_OK)
        code = append(text, '\0', err);
    if (code == BL_OK && !quoted)
        trim_cell(text);
    return code;
}

/* Skips blank lines and remembers the first. */
static int pass_blank(struct io_csv_text *text, struct bl_error *err)
{
    int code = fill(text, err);
    while (code == BL_OK && (peek(text) == '\n' || peek(text) == '\r')) {
        if (text->blank_line == 0)
            text->blank_line = text->next_line;
        code = end_line(text, err);
    }
    return code;
}

int io_csv_text_next(struct io_csv_text *text, int *got, struct bl_error *err)
{
    *got = 0;
    int code = pass_blank(text, err);
    if (code != BL_OK || peek(text) == END)
        return code;
    if (text->blank_line > 0)
        return bl_fail(err, BL_INPUT, "%s, line %" PRId64 " is blank; remove it or fill in its row",
                       text->stream.path, text->blank_line);
    text->line = text->next_line;
    text->record_bytes = text->n_cells = 0;
    for (;;) {
        code = read_cell(text, err);
        if (code != BL_OK)
            return code;
        if (peek(text) != text->delimiter)
            break;
        text->at++;
    }
    *got = 1;
    return peek(text) == END ? BL_OK : end_line(text, err);
}

const char *io_csv_text_cell(const struct io_csv_text *text, int64_t column)
{
    return text->record + text->cells[column];
}

static char find_delimiter(const struct io_csv_text *text)
{
    static const char candidates[] = "\t;,";
    int64_t counts[3] = {0};
    int quoted = 0, best = 2;
    for (int64_t i = text->at; i < text->end; i++) {
        char c = text->buffer[i];
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == '\n' || c == '\r'))
            break;
        const char *found = quoted || c == '\0' ? NULL : strchr(candidates, c);
        if (found)
            counts[found - candidates]++;
    }
    for (int i = 2; i >= 0; i--)
        if (counts[i] > 0 && counts[i] >= counts[best])
            best = i;
    return candidates[best];
}

/* Goes to the first record, behind the byte order mark. */
static int begin(struct io_csv_text *text, struct bl_error *err)
{
    text->at = text->end = text->blank_line = 0;
    text->next_line = 1;
    int code = fill(text, err);
    if (code == BL_OK && text->end >= 3 && memcmp(text->buffer, "\xef\xbb\xbf", 3) == 0)
        text->at = 3;
    return code;
}

int io_csv_text_open(struct io_csv_text *text, const char *path, struct bl_error *err)
{
    *text = (struct io_csv_text){.record_room = 1 << 12, .cells_room = 1 << 8};
    int code = io_stream_open(&text->stream, path, err);
    if (code == BL_OK)
        code = bl_alloc(&text->buffer, BUFFER_BYTES, 1, "reading CSV", err);
    if (code == BL_OK)
        code = bl_alloc(&text->record, text->record_room, 1, "a CSV record", err);
    if (code == BL_OK)
        code = bl_alloc(&text->cells, text->cells_room, sizeof *text->cells, "a CSV record", err);
    if (code == BL_OK)
        code = begin(text, err);
    if (code == BL_OK)
        text->delimiter = find_delimiter(text);
    return code;
}

int io_csv_text_rewind(struct io_csv_text *text, struct bl_error *err)
{
    int code = io_stream_rewind(&text->stream, err);
    return code == BL_OK ? begin(text, err) : code;
}

void io_csv_text_close(struct io_csv_text *text)
{
    io_stream_close(&text->stream);
    bl_free(&text->buffer);
    bl_free(&text->record);
    bl_free(&text->cells);
}

#include "io/lines.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"

enum { BUFFER_BYTES = 1 << 18, LINE_MAX_BYTES = 64 << 20 };

/* Reads on if the buffer is used up; afterwards there is a byte at `at` unless the file has ended. */
static int fill(struct io_lines *lines, struct bl_error *err)
{
    if (lines->at < lines->end)
        return BL_OK;
    lines->at = 0;
    return io_stream_read_some(&lines->stream, lines->buffer, BUFFER_BYTES, &lines->end, err);
}

/* Where the first line end in the buffer is, or the end of what was read. */
static int64_t find_end(const struct io_lines *lines)
{
    int64_t i = lines->at;
    while (i < lines->end && lines->buffer[i] != '\n' && lines->buffer[i] != '\r')
        i++;
    return i;
}

/* Moves the buffer's bytes before `to` to the end of the line. */
static int append(struct io_lines *lines, int64_t to, struct bl_error *err)
{
    const int64_t n = to - lines->at;
    if (lines->bytes + n > LINE_MAX_BYTES)
        return bl_fail(err, BL_INPUT, "%s, line %" PRId64 " is longer than 64 MiB; check --format",
                       lines->stream.path, lines->number);
    while (lines->room < lines->bytes + n + 1) {
        int code = bl_grow(&lines->text, lines->room, &lines->room, 1, "a line of text", err);
        if (code != BL_OK)
            return code;
    }
    memcpy(lines->text + lines->bytes, lines->buffer + lines->at, (size_t)n);
    lines->bytes += n;
    lines->text[lines->bytes] = '\0';
    lines->at = to;
    return BL_OK;
}

int io_lines_next(struct io_lines *lines, int *got, struct bl_error *err)
{
    int code = fill(lines, err);
    *got = 0;
    if (code == BL_OK && lines->after_return && lines->at < lines->end && lines->buffer[lines->at] == '\n') {
        lines->at++;
        code = fill(lines, err);
    }
    lines->after_return = 0;
    lines->bytes = 0;
    if (code != BL_OK || lines->at == lines->end)
        return code;
    lines->number++;
    for (int ended = 0; code == BL_OK && !ended;) {
        const int64_t to = find_end(lines);
        code = append(lines, to, err);
        if (code == BL_OK && to < lines->end) {
            lines->after_return = lines->buffer[lines->at++] == '\r';
            ended = 1;
        } else if (code == BL_OK) {
            code = fill(lines, err);
            ended = lines->at == lines->end;
        }
    }
    if (code == BL_OK && memchr(lines->text, 0, (size_t)lines->bytes))
        code = bl_fail(err, BL_INPUT, "%s, line %" PRId64 ": a zero byte; this is no text, check --format",
                       lines->stream.path, lines->number);
    *got = code == BL_OK;
    return code;
}

/* Goes to the first line, behind the byte order mark. */
static int begin(struct io_lines *lines, struct bl_error *err)
{
    lines->at = lines->end = lines->number = 0;
    lines->after_return = 0;
    int code = fill(lines, err);
    if (code == BL_OK && lines->end >= 3 && memcmp(lines->buffer, "\xef\xbb\xbf", 3) == 0)
        lines->at = 3;
    return code;
}

int io_lines_open(struct io_lines *lines, const char *path, struct bl_error *err)
{
    *lines = (struct io_lines){.room = 1 << 12};
    int code = io_stream_open(&lines->stream, path, err);
    if (code == BL_OK)
        code = bl_alloc(&lines->buffer, BUFFER_BYTES, 1, "reading lines", err);
    if (code == BL_OK)
        code = bl_alloc(&lines->text, lines->room, 1, "a line of text", err);
    return code == BL_OK ? begin(lines, err) : code;
}

int io_lines_rewind(struct io_lines *lines, struct bl_error *err)
{
    int code = io_stream_rewind(&lines->stream, err);
    return code == BL_OK ? begin(lines, err) : code;
}

void io_lines_close(struct io_lines *lines)
{
    io_stream_close(&lines->stream);
    bl_free(&lines->buffer);
    bl_free(&lines->text);
}

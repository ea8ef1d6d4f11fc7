/* The lines of a text file, one at a time in bounded memory: they end in \n, \r\n or \r, and a byte order mark is
 * passed over. */
#ifndef BL_IO_LINES_H
#define BL_IO_LINES_H

#include <stdint.h>

#include "io/stream.h"

/* Start from zero; io_lines_close is safe on a zeroed struct and twice. */
struct io_lines {
    struct io_stream stream;
    char *buffer; /* [at, end) was read and isn't part of a line yet */
    int64_t at, end;
    int after_return; /* the last line ended in \r, to which a \n belongs */

    int64_t number; /* of the current line, counted from 1 */
    char *text;     /* [bytes] the current line without its end, and a zero byte */
    int64_t bytes, room;
};

int io_lines_open(struct io_lines *lines, const char *path, struct bl_error *err);

/* The next line, which the caller may change; *got is 0 at the end. Errors: BL_INPUT with the line that has a zero byte
 * or is longer than 64 MiB. */
int io_lines_next(struct io_lines *lines, int *got, struct bl_error *err);

/* Goes back to the first line. */
int io_lines_rewind(struct io_lines *lines, struct bl_error *err);

void io_lines_close(struct io_lines *lines);

#endif

/* An array in Fortran order, delivered by rows: a piece of every column is read, and turned in memory. */
#ifndef BL_IO_COLUMNS_H
#define BL_IO_COLUMNS_H

#include <stdint.h>

#include "base/error.h"
#include "io/stream.h"

struct io_columns; /* owns a descriptor and a block of rows */

/* rows: of the array, whose further dimensions are inner [n_inner]; its values of value_bytes begin at head_bytes of the
 * stream's content. Errors: BL_INPUT the content is packed, so that there is no way to seek in it; BL_PATH; BL_MEMORY. */
int io_columns_open(struct io_columns **out, const struct io_stream *stream, int64_t head_bytes, int64_t rows,
                    const int64_t *inner, int n_inner, int value_bytes, struct bl_error *err);

/* NULL is fine. */
void io_columns_close(struct io_columns *columns);

/* Copies values [at, at + n) of the array as it lies in C order. Fast for those that follow one another. Errors: BL_PATH
 * unreadable; BL_INPUT the file has become shorter. */
int io_columns_read(struct io_columns *columns, int64_t at, int64_t n, void *values, struct bl_error *err);

#endif

#include "io/columns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"

/* BLOCK_BYTES: of rows held at a time. Each costs one read of each column, so it is large. */
enum { BLOCK_BYTES = 32 << 20, TILE = 64 };

struct io_columns {
    int fd;
    char path[BL_PATH_MAX];
    int64_t begin; /* of the first value in the file */
    int64_t rows, dim, block_rows;
    size_t value_bytes;
    int64_t *place;        /* [dim] the column of the file for each value of a row */
    unsigned char *column; /* [block_rows] a piece of one */
    unsigned char *block;  /* [block_rows, dim] rows from `first` on */
    int64_t first, held;   /* rows in block; 0: none */
};

/* A row's values are counted with the last dimension running first, the file's columns with the first one. */
static void place_columns(struct io_columns *columns, const int64_t *inner, int n_inner)
{
    for (int64_t i = 0; i < columns->dim; i++) {
        int64_t rest = i, place = 0;
        for (int d = n_inner - 1; d >= 0; d--) {
            const int64_t index = rest % inner[d];
            int64_t stride = 1;
            for (int e = 0; e < d; e++)
                stride *= inner[e];
            place += index * stride;
            rest /= inner[d];
        }
        columns->place[i] = place;
    }
}

static int set_up(struct io_columns *columns, const struct io_stream *stream, int64_t head_bytes,
                  const int64_t *inner, int n_inner, struct bl_error *err)
{
    int64_t offset = 0;
    int code = io_stream_plain(stream, &columns->fd, &offset, err);
    if (code == BL_OK && columns->fd < 0)
        code = bl_fail(
            err, BL_INPUT,
            "%s is in Fortran order and compressed; unpack it, or save numpy.ascontiguousarray(array)",
            stream->path);
    columns->begin = offset + head_bytes;
    if (code == BL_OK)
        code = bl_alloc(&columns->place, columns->dim, sizeof *columns->place, "reading columns", err);
    if (code == BL_OK)
        code = bl_alloc(&columns->column, columns->block_rows, columns->value_bytes, "reading columns", err);
    if (code == BL_OK)
        code = bl_alloc(&columns->block, columns->block_rows * columns->dim, columns->value_bytes,
                        "reading columns", err);
    if (code == BL_OK)
        place_columns(columns, inner, n_inner);
    return code;
}

int io_columns_open(struct io_columns **out, const struct io_stream *stream, int64_t head_bytes, int64_t rows,
                    const int64_t *inner, int n_inner, int value_bytes, struct bl_error *err)
{
    struct io_columns *columns;
    *out = NULL;
    int code = bl_alloc_zero(&columns, 1, sizeof *columns, "reading columns", err);
    if (code != BL_OK)
        return code;
    columns->fd = -1;
    columns->dim = 1;
    for (int d = 0; d < n_inner; d++)
        columns->dim *= inner[d]; /* the caller has seen that it fits */
    columns->rows = rows;
    columns->value_bytes = (size_t)value_bytes;
    snprintf(columns->path, sizeof columns->path, "%s", stream->path);
    const int64_t row_bytes = columns->dim * value_bytes;
    columns->block_rows = row_bytes < BLOCK_BYTES ? BLOCK_BYTES / row_bytes : 1;
    columns->block_rows = columns->block_rows < rows ? columns->block_rows : rows;
    code = set_up(columns, stream, head_bytes, inner, n_inner, err);
    if (code != BL_OK)
        io_columns_close(columns);
    else
        *out = columns;
    return code;
}

void io_columns_close(struct io_columns *columns)
{
    if (!columns)
        return;
    if (columns->fd >= 0)
        close(columns->fd);
    bl_free(&columns->place);
    bl_free(&columns->column);
    bl_free(&columns->block);
    bl_free(&columns);
}

static int read_bytes(const struct io_columns *columns, size_t n, int64_t at, struct bl_error *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(columns->fd, columns->column + done, n - done, (off_t)(at + (int64_t)done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return bl_fail_path(err, "read", columns->path, errno);
        if (got == 0)
            return bl_fail(err, BL_INPUT, "%s has become shorter; fetch it again", columns->path);
        done += (size_t)got;
    }
    return BL_OK;
}

/* Holds the rows from `first` on. */
static int hold(struct io_columns *columns, int64_t first, struct bl_error *err)
{
    const int64_t left = columns->rows - first, n = left < columns->block_rows ? left : columns->block_rows;
    const size_t bytes = columns->value_bytes;
    columns->held = 0;
    for (int64_t d = 0; d < columns->dim; d++) {
        const int64_t value = columns->place[d] * columns->rows + first;
        const int code = read_bytes(columns, (size_t)n * bytes, columns->begin + value * (int64_t)bytes, err);
        if (code != BL_OK)
            return code;
        unsigned char *out = columns->block + (size_t)d * bytes;
        for (int64_t i = 0; i < n; i++)
            memcpy(out + (size_t)(i * columns->dim) * bytes, columns->column + (size_t)i * bytes, bytes);
    }
    columns->first = first;
    columns->held = n;
    return BL_OK;
}

int io_columns_read(struct io_columns *columns, int64_t at, int64_t n, void *values, struct bl_error *err)
{
    unsigned char *out = values;
    while (n > 0) {
        const int64_t row = at / columns->dim;
        if (row < columns->first || row >= columns->first + columns->held) {
            const int code = hold(columns, row, err);
            if (code != BL_OK)
                return code;
        }
        const int64_t end = (columns->first + columns->held) * columns->dim,
                      some = end - at < n ? end - at : n;
        const size_t bytes = (size_t)some * columns->value_bytes;
        memcpy(out, columns->block + (size_t)(at - columns->first * columns->dim) * columns->value_bytes,
               bytes);
        out += bytes;
        at += some;
        n -= some;
    }
    return BL_OK;
}

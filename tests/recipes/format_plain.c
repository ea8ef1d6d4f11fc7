#include "base/buffer.h"
#include "io/format.h"
#include "io/stream.h"

/* Template of a format that import reads, here src/io/plain.c. Its line in src/io/formats.def:
 *
 *   FORMAT(plain)
 *
 * First the file's layout, and whose it is: two little-endian int32, rows and values of a row, then the
 * values as float32; an example, which no other program writes. */

struct plain {
    struct io_stream stream; /* reads gzipped files as well */
    int32_t header[2];
};

/* Compares the file's size with its header and goes to the first row. Measuring goes back to the first
 * byte. */
static int check_size(struct plain *plain, struct bl_error *err)
{
    const int64_t rows = plain->header[0], dim = plain->header[1];
    int64_t bytes;
    int code = io_stream_measure(&plain->stream, &bytes, err);
    if (code == BL_OK &&
        (rows < 0 || dim < 1 || bytes != (int64_t)sizeof plain->header + rows * dim * (int64_t)sizeof(float)))
        code = bl_fail(err, BL_INPUT, "%s: its size is not that of %lld rows of %lld values; check --format",
                       plain->stream.path, (long long)rows, (long long)dim);
    return code == BL_OK ? io_stream_skip(&plain->stream, sizeof plain->header, err) : code;
}

/* *state is freed by plain_close, after a failure too. */
static int plain_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                      void **state, struct bl_error *err)
{
    struct plain *plain;
    (void)options;
    int code = bl_alloc_zero(&plain, 1, sizeof *plain, "reading vectors", err);
    if (code != BL_OK)
        return code;
    *state = plain;
    code = io_stream_open(&plain->stream, path, err);
    if (code == BL_OK)
        code = io_stream_read(&plain->stream, plain->header, sizeof plain->header, err);
    if (code == BL_OK)
        code = check_size(plain, err);
    *info = (struct io_source_info){.rows = plain->header[0], .dim = plain->header[1], .type = BL_FLOAT32};
    return code;
}

static int64_t row_bytes(const struct plain *plain)
{
    return plain->header[1] * (int64_t)sizeof(float);
}

/* n rows, which are there: io/source.c counts. */
static int plain_read(void *state, int64_t n, void *features, void *labels, char *ids, struct bl_error *err)
{
    struct plain *plain = state;
    (void)labels;
    (void)ids;
    return io_stream_read(&plain->stream, features, n * row_bytes(plain), err);
}

static int plain_skip(void *state, int64_t n, struct bl_error *err)
{
    struct plain *plain = state;
    return io_stream_skip(&plain->stream, n * row_bytes(plain), err);
}

static void plain_close(void *state)
{
    struct plain *plain = state;
    io_stream_close(&plain->stream);
    bl_free(&plain);
}

const struct io_format io_format_plain = {
    .name = "plain",
    .summary = "vectors of float32 behind their number and length",
    .endings = {".plain"},
    .open = plain_open,
    .read = plain_read,
    .skip = plain_skip,
    .close = plain_close,
};

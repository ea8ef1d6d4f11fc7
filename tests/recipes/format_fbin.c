#include "base/buffer.h"
#include "io/format.h"
#include "io/stream.h"

/* Template of a format that import reads, here src/io/fbin.c. Its line in src/io/formats.def:
 *
 *   FORMAT(fbin)
 *
 * First the file's layout, and whose it is: two little-endian int32, rows and values of a row, then the
 * values as float32; the files of the benchmarks of billions of vectors (big-ann-benchmarks.com). */

struct fbin {
    struct io_stream stream; /* reads gzipped files as well */
    int32_t header[2];
};

/* Compares the file's size with its header and goes to the first row. Measuring goes back to the first
 * byte. */
static int check_size(struct fbin *fbin, struct bl_error *err)
{
    const int64_t rows = fbin->header[0], dim = fbin->header[1];
    int64_t bytes;
    int code = io_stream_measure(&fbin->stream, &bytes, err);
    if (code == BL_OK &&
        (rows < 0 || dim < 1 || bytes != (int64_t)sizeof fbin->header + rows * dim * (int64_t)sizeof(float)))
        code = bl_fail(err, BL_INPUT, "%s: its size is not that of %lld rows of %lld values; check --format",
                       fbin->stream.path, (long long)rows, (long long)dim);
    return code == BL_OK ? io_stream_skip(&fbin->stream, sizeof fbin->header, err) : code;
}

/* *state is freed by fbin_close, after a failure too. */
static int fbin_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                     void **state, struct bl_error *err)
{
    struct fbin *fbin;
    (void)options;
    int code = bl_alloc_zero(&fbin, 1, sizeof *fbin, "reading vectors", err);
    if (code != BL_OK)
        return code;
    *state = fbin;
    code = io_stream_open(&fbin->stream, path, err);
    if (code == BL_OK)
        code = io_stream_read(&fbin->stream, fbin->header, sizeof fbin->header, err);
    if (code == BL_OK)
        code = check_size(fbin, err);
    *info = (struct io_source_info){.rows = fbin->header[0], .dim = fbin->header[1], .type = BL_FLOAT32};
    return code;
}

static int64_t row_bytes(const struct fbin *fbin)
{
    return fbin->header[1] * (int64_t)sizeof(float);
}

/* n rows, which are there: io/source.c counts. */
static int fbin_read(void *state, int64_t n, void *features, int32_t *labels, char *ids, struct bl_error *err)
{
    struct fbin *fbin = state;
    (void)labels;
    (void)ids;
    return io_stream_read(&fbin->stream, features, n * row_bytes(fbin), err);
}

static int fbin_skip(void *state, int64_t n, struct bl_error *err)
{
    struct fbin *fbin = state;
    return io_stream_skip(&fbin->stream, n * row_bytes(fbin), err);
}

static void fbin_close(void *state)
{
    struct fbin *fbin = state;
    io_stream_close(&fbin->stream);
    bl_free(&fbin);
}

const struct io_format io_format_fbin = {
    .name = "fbin",
    .summary = "vectors of float32 behind their number and length",
    .endings = {".fbin"},
    .open = fbin_open,
    .read = fbin_read,
    .skip = fbin_skip,
    .close = fbin_close,
};

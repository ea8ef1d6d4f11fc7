#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "io/format.h"
#include "io/stream.h"

/* fvecs, bvecs and ivecs, the formats of the TEXMEX corpora: before each row its number of values as a little-endian
 * int32, then the values, float32, bytes or int32. http://corpus-texmex.irisa.fr */

enum { PREFIX_BYTES = 4, DIM_MAX = 1 << 24 };

struct vecs {
    struct io_stream stream;
    int64_t dim, value_bytes, row;
    char *block; /* rows with their prefixes */
    int64_t block_rows;
};

static int64_t row_bytes(const struct vecs *vecs)
{
    return PREFIX_BYTES + vecs->dim * vecs->value_bytes;
}

static int read_dim(struct vecs *vecs, struct bl_error *err)
{
    int32_t dim;
    int64_t got;
    int code = io_stream_read_some(&vecs->stream, &dim, PREFIX_BYTES, &got, err);
    if (code == BL_OK && got < PREFIX_BYTES)
        code = bl_fail(err, BL_INPUT, "%s ends within the first row's length; fetch it again",
                       vecs->stream.path);
    if (code == BL_OK && (dim < 1 || dim > DIM_MAX))
        code = bl_fail(err, BL_INPUT, "%s begins with a row of %" PRId32 " values; check --format",
                       vecs->stream.path, dim);
    if (code == BL_OK)
        vecs->dim = dim;
    return code;
}

static int open_any(const char *path, int64_t value_bytes, enum bl_type type, struct io_source_info *info,
                    void **state, struct bl_error *err)
{
    enum { BLOCK_BYTES = 1 << 18 };
    struct vecs *vecs;
    int64_t bytes;
    int code = bl_alloc_zero(&vecs, 1, sizeof *vecs, "reading vectors", err);
    if (code != BL_OK)
        return code;
    *state = vecs;
    vecs->value_bytes = value_bytes;
    code = io_stream_open(&vecs->stream, path, err);
    if (code == BL_OK)
        code = read_dim(vecs, err);
    if (code == BL_OK)
        code = io_stream_measure(&vecs->stream, &bytes, err);
    if (code != BL_OK)
        return code;
    if (bytes % row_bytes(vecs) != 0)
        return bl_fail(
            err, BL_INPUT,
            "%s holds %s, which is no whole number of rows of %s (%s each); check --format or fetch it "
            "again",
            path, bl_count(bytes, "byte").text, bl_count(vecs->dim, "value").text,
            bl_count(row_bytes(vecs), "byte").text);
    vecs->block_rows = row_bytes(vecs) < BLOCK_BYTES ? BLOCK_BYTES / row_bytes(vecs) : 1;
    *info = (struct io_source_info){.rows = bytes / row_bytes(vecs), .dim = vecs->dim, .type = type};
    return bl_alloc(&vecs->block, vecs->block_rows, (size_t)row_bytes(vecs), "reading vectors", err);
}

static int ivecs_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                      void **state, struct bl_error *err)
{
    (void)options;
    int code = open_any(path, 4, BL_FLOAT64, info, state, err);
    info->integers = 1;
    return code;
}

static int fvecs_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                      void **state, struct bl_error *err)
{
    (void)options;
    return open_any(path, 4, BL_FLOAT32, info, state, err);
}

static int bvecs_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                      void **state, struct bl_error *err)
{
    (void)options;
    return open_any(path, 1, BL_UINT8, info, state, err);
}

/* Reads at most block_rows rows and compares their lengths; *got of them are in the block. */
static int read_block(struct vecs *vecs, int64_t n, int64_t *got, struct bl_error *err)
{
    *got = n < vecs->block_rows ? n : vecs->block_rows;
    int code = io_stream_read(&vecs->stream, vecs->block, *got * row_bytes(vecs), err);
    for (int64_t i = 0; i < *got && code == BL_OK; i++, vecs->row++) {
        int32_t dim;
        memcpy(&dim, vecs->block + i * row_bytes(vecs), PREFIX_BYTES);
        if (dim != vecs->dim)
            code = bl_fail(err, BL_INPUT,
                           "%s, row %" PRId64 " (counted from 0) has %s but the first has %" PRId64
                           "; all rows must be equally long",
                           vecs->stream.path, vecs->row, bl_count(dim, "value").text, vecs->dim);
    }
    return code;
}

static int vecs_read(void *state, int64_t n, void *features, void *labels, char *ids, struct bl_error *err)
{
    struct vecs *vecs = state;
    const int64_t value_row = vecs->dim * vecs->value_bytes;
    char *out = features;
    int code = BL_OK;
    (void)labels;
    (void)ids;
    for (int64_t at = 0, rows; at < n && code == BL_OK; at += rows) {
        code = read_block(vecs, n - at, &rows, err);
        for (int64_t i = 0; i < rows && code == BL_OK; i++)
            memcpy(out + (at + i) * value_row, vecs->block + i * row_bytes(vecs) + PREFIX_BYTES,
                   (size_t)value_row);
    }
    return code;
}

static int ivecs_integers(void *state, int64_t n, int64_t *values, struct bl_error *err)
{
    struct vecs *vecs = state;
    int code = BL_OK;
    for (int64_t at = 0, rows; at < n && code == BL_OK; at += rows) {
        code = read_block(vecs, n - at, &rows, err);
        for (int64_t i = 0; i < rows * vecs->dim && code == BL_OK; i++) {
            int32_t value;
            memcpy(&value, vecs->block + i / vecs->dim * row_bytes(vecs) + PREFIX_BYTES + i % vecs->dim * 4,
                   sizeof value);
            values[at * vecs->dim + i] = value;
        }
    }
    return code;
}

static int ivecs_read(void *state, int64_t n, void *features, void *labels, char *ids, struct bl_error *err)
{
    struct vecs *vecs = state;
    double *out = features;
    (void)labels;
    (void)ids;
    int code = ivecs_integers(state, n, features, err); /* as wide as double, and converted in place */
    for (int64_t i = 0; i < n * vecs->dim && code == BL_OK; i++) {
        int64_t value;
        memcpy(&value, out + i, sizeof value);
        out[i] = (double)value;
    }
    return code;
}

static int vecs_skip(void *state, int64_t n, struct bl_error *err)
{
    struct vecs *vecs = state;
    vecs->row += n;
    return io_stream_skip(&vecs->stream, n * row_bytes(vecs), err);
}

static void vecs_close(void *state)
{
    struct vecs *vecs = state;
    io_stream_close(&vecs->stream);
    bl_free(&vecs->block);
    bl_free(&vecs);
}

const struct io_format io_format_fvecs = {.name = "fvecs",
                                          .summary = "vectors of float32 with their lengths, as in SIFT1M",
                                          .endings = {".fvecs"},
                                          .open = fvecs_open,
                                          .read = vecs_read,
                                          .skip = vecs_skip,
                                          .close = vecs_close};
const struct io_format io_format_bvecs = {.name = "bvecs",
                                          .summary = "the same with bytes, as in SIFT1B",
                                          .endings = {".bvecs"},
                                          .open = bvecs_open,
                                          .read = vecs_read,
                                          .skip = vecs_skip,
                                          .close = vecs_close};
const struct io_format io_format_ivecs = {.name = "ivecs",
                                          .summary = "the same with int32, as numbers of neighbours",
                                          .endings = {".ivecs"},
                                          .open = ivecs_open,
                                          .read = ivecs_read,
                                          .integers = ivecs_integers,
                                          .skip = vecs_skip,
                                          .close = vecs_close};

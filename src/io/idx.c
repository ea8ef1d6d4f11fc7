#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "config/config.h"
#include "io/format.h"

/* IDX, the format of the MNIST files, plain or gzipped: two zero bytes, a type, the number of dimensions,
 * each dimension as a big-endian 32-bit number, then the values, big-endian. LeCun, Cortes and Burges, "The
 * MNIST database", file formats. */

enum idx_type {
    IDX_UINT8 = 0x08,
    IDX_INT8 = 0x09,
    IDX_INT16 = 0x0b,
    IDX_INT32 = 0x0c,
    IDX_FLOAT = 0x0d,
    IDX_DOUBLE = 0x0e
};

struct idx {
    gzFile file;
    char path[BL_PATH_MAX];
    int type;
    int64_t dim, value_bytes, rows_left;
    int64_t promised_bytes, taken_bytes; /* of values, without the head */
    unsigned char *raw;                  /* [dim * value_bytes] for types that are not bytes */
};

static int short_file(const struct idx *idx, struct bl_error *err)
{
    int number;
    const char *why = gzerror(idx->file, &number);
    if (number != Z_OK && number != Z_STREAM_END && number != Z_BUF_ERROR)
        return bl_fail(err, BL_INPUT, "%s is damaged (%s); fetch it again", idx->path, why);
    return bl_fail(err, BL_INPUT,
                   "%s ends after %" PRId64 " bytes of values but its head promises %" PRId64
                   "; fetch it again",
                   idx->path, idx->taken_bytes, idx->promised_bytes);
}

static int take(struct idx *idx, void *to, int64_t n_bytes, struct bl_error *err)
{
    char *at = to;
    while (n_bytes > 0) {
        const unsigned piece = n_bytes < 1 << 30 ? (unsigned)n_bytes : 1u << 30;
        const int n = gzread(idx->file, at, piece);
        if (n <= 0)
            return short_file(idx, err);
        at += n;
        n_bytes -= n;
        idx->taken_bytes += n;
    }
    return BL_OK;
}

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t bytes_of(int type)
{
    switch (type) {
    case IDX_UINT8:
    case IDX_INT8:
        return 1;
    case IDX_INT16:
        return 2;
    case IDX_INT32:
    case IDX_FLOAT:
        return 4;
    case IDX_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

/* As they are delivered: the smallest of our types that holds every value. */
static enum bl_type delivered(int type)
{
    if (type == IDX_UINT8)
        return BL_UINT8;
    return type == IDX_INT32 || type == IDX_DOUBLE ? BL_FLOAT64 : BL_FLOAT32;
}

static int read_head(struct idx *idx, struct io_source_info *info, struct bl_error *err)
{
    unsigned char head[4], size[4];
    if (gzread(idx->file, head, 4) != 4 || head[0] != 0 || head[1] != 0 || bytes_of(head[2]) == 0 ||
        head[3] == 0)
        return bl_fail(err, BL_INPUT, "%s is not an IDX file; check --format", idx->path);
    idx->type = head[2];
    idx->value_bytes = bytes_of(idx->type);
    idx->dim = 1;
    for (int d = 0; d < head[3]; d++) {
        if (gzread(idx->file, size, 4) != 4)
            return bl_fail(err, BL_INPUT, "%s ends within its head; fetch it again", idx->path);
        const int64_t n = big_endian(size);
        if (d == 0)
            idx->rows_left = n;
        else
            idx->dim *= n;
        if (n == 0 || idx->dim > 1 << 28)
            return bl_fail(err, BL_INPUT, "%s has an impossible dimension %d of %" PRId64, idx->path, d, n);
    }
    idx->promised_bytes = idx->rows_left * idx->dim * idx->value_bytes;
    *info = (struct io_source_info){.rows = idx->rows_left, .dim = idx->dim, .type = delivered(idx->type)};
    return BL_OK;
}

static int idx_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                    void **state, struct bl_error *err)
{
    struct idx *idx;
    (void)options;
    int code = bl_alloc_zero(&idx, 1, sizeof *idx, "reading IDX", err);
    if (code != BL_OK)
        return code;
    *state = idx;
    snprintf(idx->path, sizeof idx->path, "%s", path);
    errno = 0;
    idx->file = gzopen(path, "rb");
    if (!idx->file)
        return bl_fail_path(err, "open", path, errno ? errno : ENOMEM);
    gzbuffer(idx->file, 1 << 18);
    code = read_head(idx, info, err);
    if (code == BL_OK && idx->type != IDX_UINT8)
        code = bl_alloc(&idx->raw, idx->dim, (size_t)idx->value_bytes, "a row of IDX", err);
    return code;
}

static double value_of(int type, const unsigned char *at)
{
    uint32_t word;
    float single;
    double wide;
    uint64_t bits;
    switch (type) {
    case IDX_INT8:
        return (int8_t)at[0];
    case IDX_INT16:
        return (int16_t)((uint32_t)at[0] << 8 | at[1]);
    case IDX_INT32:
        return (int32_t)big_endian(at);
    case IDX_FLOAT:
        word = big_endian(at);
        memcpy(&single, &word, sizeof single);
        return (double)single;
    default:
        bits = (uint64_t)big_endian(at) << 32 | big_endian(at + 4);
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    }
}

static int idx_read(void *state, int64_t n, void *features, int32_t *labels, char *ids, struct bl_error *err)
{
    struct idx *idx = state;
    (void)labels;
    (void)ids;
    int code = BL_OK;
    if (idx->type == IDX_UINT8)
        code = take(idx, features, n * idx->dim, err);
    for (int64_t i = 0; i < n && idx->type != IDX_UINT8 && code == BL_OK; i++) {
        code = take(idx, idx->raw, idx->dim * idx->value_bytes, err);
        for (int64_t d = 0; d < idx->dim && code == BL_OK; d++) {
            double value = value_of(idx->type, idx->raw + d * idx->value_bytes);
            if (delivered(idx->type) == BL_FLOAT64)
                ((double *)features)[i * idx->dim + d] = value;
            else
                ((float *)features)[i * idx->dim + d] = (float)value;
        }
    }
    if (code != BL_OK)
        return code;
    idx->rows_left -= n;
    char extra;
    if (idx->rows_left == 0 && gzread(idx->file, &extra, 1) == 1)
        return bl_fail(err, BL_INPUT,
                       "%s goes on after the %" PRId64
                       " bytes of values that its head promises; fetch it again",
                       idx->path, idx->promised_bytes);
    return BL_OK;
}

static int idx_skip(void *state, int64_t n, struct bl_error *err)
{
    struct idx *idx = state;
    const int64_t n_bytes = n * idx->dim * idx->value_bytes;
    if (gzseek(idx->file, (z_off_t)n_bytes, SEEK_CUR) < 0)
        return short_file(idx, err);
    idx->taken_bytes += n_bytes;
    idx->rows_left -= n;
    return BL_OK;
}

static void idx_close(void *state)
{
    struct idx *idx = state;
    if (idx->file)
        gzclose(idx->file);
    bl_free(&idx->raw);
    bl_free(&idx);
}

const struct io_format io_format_idx = {"idx", idx_open, idx_read, idx_skip, idx_close};

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "config/config.h"
#include "io/format.h"

/* fvecs and bvecs, the files of the nearest-neighbour benchmarks: each row is its length as a little-endian
 * 32-bit number, then that many float32 or bytes. Jegou, Douze and Schmid, "Datasets for approximate nearest
 * neighbor search". Hosts are little-endian. */

enum { LENGTH_BYTES = 4, DIM_MAX = 1 << 28 };

struct vecs {
    FILE *file;
    char path[BL_PATH_MAX];
    int64_t dim, value_bytes, row;
};

static int take_length(struct vecs *vecs, int32_t *length, struct bl_error *err)
{
    if (fread(length, 1, LENGTH_BYTES, vecs->file) != LENGTH_BYTES)
        return bl_fail(err, BL_INPUT, "%s ends before row %" PRId64 "; fetch it again", vecs->path,
                       vecs->row);
    return BL_OK;
}

static int read_head(struct vecs *vecs, enum bl_type type, struct io_source_info *info, struct bl_error *err)
{
    int32_t length;
    struct stat status;
    if (fstat(fileno(vecs->file), &status) != 0)
        return bl_fail_path(err, "read", vecs->path, errno);
    int code = take_length(vecs, &length, err);
    if (code != BL_OK)
        return code;
    if (length < 1 || length > DIM_MAX)
        return bl_fail(err, BL_INPUT, "%s begins with a row of %" PRId32 " values; check --format",
                       vecs->path, length);
    vecs->dim = length;
    const int64_t row_bytes = LENGTH_BYTES + vecs->dim * vecs->value_bytes;
    if (status.st_size % row_bytes != 0)
        return bl_fail(err, BL_INPUT,
                       "%s has %lld bytes, not a whole number of rows of %" PRId64
                       " bytes; check --format or fetch it again",
                       vecs->path, (long long)status.st_size, row_bytes);
    rewind(vecs->file);
    *info = (struct io_source_info){.rows = status.st_size / row_bytes, .dim = vecs->dim, .type = type};
    return BL_OK;
}

static int open_as(enum bl_type type, const char *path, struct io_source_info *info, void **state,
                   struct bl_error *err)
{
    struct vecs *vecs;
    int code = bl_alloc_zero(&vecs, 1, sizeof *vecs, "reading vectors", err);
    if (code != BL_OK)
        return code;
    *state = vecs;
    snprintf(vecs->path, sizeof vecs->path, "%s", path);
    vecs->value_bytes = (int64_t)bl_type_bytes(type);
    vecs->file = fopen(path, "rb");
    return vecs->file ? read_head(vecs, type, info, err) : bl_fail_path(err, "open", path, errno);
}

static int fvecs_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                      void **state, struct bl_error *err)
{
    (void)options;
    return open_as(BL_FLOAT32, path, info, state, err);
}

static int bvecs_open(const char *path, const struct io_source_options *options, struct io_source_info *info,
                      void **state, struct bl_error *err)
{
    (void)options;
    return open_as(BL_UINT8, path, info, state, err);
}

static int vecs_read(void *state, int64_t n, void *features, int32_t *labels, char *ids, struct bl_error *err)
{
    struct vecs *vecs = state;
    const size_t row_bytes = (size_t)(vecs->dim * vecs->value_bytes);
    (void)labels;
    (void)ids;
    for (int64_t i = 0; i < n; i++, vecs->row++) {
        int32_t length;
        int code = take_length(vecs, &length, err);
        if (code != BL_OK)
            return code;
        if (length != vecs->dim)
            return bl_fail(err, BL_INPUT,
                           "%s: row %" PRId64 " has %" PRId32 " values but the first has %" PRId64
                           "; check --format",
                           vecs->path, vecs->row, length, vecs->dim);
        if (fread((char *)features + (size_t)i * row_bytes, 1, row_bytes, vecs->file) != row_bytes)
            return bl_fail(err, BL_INPUT, "%s ends within row %" PRId64 "; fetch it again", vecs->path,
                           vecs->row);
    }
    return BL_OK;
}

static int vecs_skip(void *state, int64_t n, struct bl_error *err)
{
    struct vecs *vecs = state;
    if (fseeko(vecs->file, (off_t)(n * (LENGTH_BYTES + vecs->dim * vecs->value_bytes)), SEEK_CUR) != 0)
        return bl_fail_path(err, "read", vecs->path, errno);
    vecs->row += n;
    return BL_OK;
}

static void vecs_close(void *state)
{
    struct vecs *vecs = state;
    if (vecs->file)
        fclose(vecs->file);
    bl_free(&vecs);
}

const struct io_format io_format_fvecs = {"fvecs", fvecs_open, vecs_read, vecs_skip, vecs_close};
const struct io_format io_format_bvecs = {"bvecs", bvecs_open, vecs_read, vecs_skip, vecs_close};

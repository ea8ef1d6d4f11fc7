#include "mpi/h5/verify_blocks.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/storage.h"
#include "mpi/h5/table.h"
#include "mpi/process/stall.h"

/* The state of a visit to all data sets below a group. */
struct walk {
    hid_t file;
    const char *path;
    int64_t sets, blocks;
    int code;
    struct bl_error *err;
};

/* A data set and its sizes, which are checked before memory is allocated for them. */
struct open_set {
    hid_t set, type;
    int64_t rows, cols, row_bytes;
};

static void close_set(struct open_set *open)
{
    if (open->type >= 0)
        H5Tclose(open->type);
    if (open->set >= 0)
        H5Dclose(open->set);
}

static int open_set(struct open_set *open, hid_t file, const char *name, const char *path,
                    struct bl_error *err)
{
    *open = (struct open_set){.set = H5Dopen2(file, name, H5P_DEFAULT), .type = H5I_INVALID_HID};
    if (open->set < 0)
        return bl_fail(err, BL_INPUT, "%s: the data set '%s' is missing or damaged", path, name);
    hsize_t dims[H5S_MAX_RANK] = {1};
    hid_t space = H5Dget_space(open->set);
    const int rank = H5Sget_simple_extent_dims(space, dims, NULL),
              is_null = H5Sget_simple_extent_type(space) == H5S_NULL;
    H5Sclose(space);
    open->type = H5Dget_type(open->set);
    const int64_t value_bytes = open->type < 0 ? 0 : (int64_t)H5Tget_size(open->type);
    int64_t cols = 1;
    int fits = rank >= 0 && value_bytes >= 1 && H5Tdetect_class(open->type, H5T_VLEN) <= 0 &&
               H5Tis_variable_str(open->type) <= 0;
    for (int d = 1; d < rank && fits; d++)
        fits = dims[d] <= INT64_MAX && !__builtin_mul_overflow(cols, (int64_t)dims[d], &cols);
    /* A row above 1 GiB can only be damage. */
    if (!fits || dims[0] > INT64_MAX || cols > ((int64_t)1 << 30) / value_bytes)
        return bl_fail(err, BL_INPUT,
                       "%s: the data set '%s' must be rows of values of fixed size, below 1 GiB each", path,
                       name);
    open->rows = cols == 0 || is_null ? 0 : (int64_t)dims[0];
    open->cols = rank > 1 ? cols : 0;
    open->row_bytes = value_bytes * (cols > 0 ? cols : 1);
    return h5_storage_check(open->set, name, path, err);
}

/* Reads the data set block by block and, if checksums [blocks] isn't NULL, compares each. */
static int read_blocks(const struct open_set *open, const uint64_t *checksums, const char *name,
                       const char *path, int64_t *blocks, struct bl_error *err)
{
    const int64_t per_block = h5_rows_per_block(open->row_bytes);
    char *rows;
    char where[700];
    snprintf(where, sizeof where, "%s '%s'", path, name);
    int code = bl_alloc(&rows, per_block * open->row_bytes, 1, "a block to verify", err);
    for (int64_t b = 0; b * per_block < open->rows && code == BL_OK; b++) {
        const int64_t lo = b * per_block;
        const int64_t n = open->rows - lo < per_block ? open->rows - lo : per_block;
        stall_tick("verifying a file");
        code = h5_read_rows(open->set, open->type, lo, n, open->cols, rows, where, err);
        if (code == BL_OK && checksums)
            code = h5_checksum_compare(rows, lo, n, open->row_bytes, checksums[b], name, path, err);
        ++*blocks;
    }
    bl_free(&rows);
    return code;
}

/* Compares a data set with its checksums, which are read first and all at once: 8 bytes for 1 MiB. */
static int verify_set(hid_t file, const char *name, const char *path, int64_t *blocks, struct bl_error *err)
{
    struct open_set data;
    hid_t sums = H5I_INVALID_HID;
    uint64_t *checksums = NULL;
    int code = open_set(&data, file, name, path, err);
    if (code == BL_OK)
        code = h5_checksums_open(&sums, file, name, data.rows, data.row_bytes, path, err);
    if (code != BL_OK)
        goto done;
    const int64_t per_block = h5_rows_per_block(data.row_bytes), n = (data.rows + per_block - 1) / per_block;
    code = bl_alloc(&checksums, n, sizeof *checksums, "checksums", err);
    if (code == BL_OK)
        code = h5_read_rows(sums, H5T_NATIVE_UINT64, 0, n, 0, checksums, path, err);
    if (code == BL_OK)
        code = read_blocks(&data, checksums, name, path, blocks, err);
done:
    bl_free(&checksums);
    if (sums >= 0)
        H5Dclose(sums);
    close_set(&data);
    return code;
}

/* Below /checksums: the path of a set of checksums, from there, is that of its data set. */
static herr_t visit_checksum(hid_t group, const char *name, const H5O_info_t *info, void *context)
{
    struct walk *walk = context;
    (void)group;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    walk->code = verify_set(walk->file, name, walk->path, &walk->blocks, walk->err);
    walk->sets++;
    return walk->code == BL_OK ? 0 : 1; /* above 0: H5Ovisit stops without an error of its own */
}

/* Without checksums: that every value can be read is all that can be told. */
static herr_t visit_any(hid_t group, const char *name, const H5O_info_t *info, void *context)
{
    struct walk *walk = context;
    struct open_set open;
    (void)group;
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    walk->code = open_set(&open, walk->file, name, walk->path, walk->err);
    if (walk->code == BL_OK)
        walk->code = read_blocks(&open, NULL, name, walk->path, &walk->blocks, walk->err);
    close_set(&open);
    walk->sets++;
    return walk->code == BL_OK ? 0 : 1;
}

/* The visit stops at the first failure, whose code and message it leaves in walk; if HDF5 itself fails, it
 * can't read the group. */
static int walk_below(struct walk *walk, const char *group, H5O_iterate_t visit)
{
    hid_t at = H5Gopen2(walk->file, group, H5P_DEFAULT);
    if (at < 0)
        return bl_fail(walk->err, BL_INPUT, "%s: the group %s is damaged", walk->path, group);
    herr_t result = H5Ovisit(at, H5_INDEX_NAME, H5_ITER_INC, visit, walk);
    H5Gclose(at);
    if (walk->code == BL_OK && result < 0)
        return bl_fail(walk->err, BL_INPUT, "%s: the group %s is damaged", walk->path, group);
    return walk->code;
}

static int verify_below(hid_t file, const char *path, const char *group, H5O_iterate_t visit, int64_t *sets,
                        int64_t *blocks, struct bl_error *err)
{
    struct walk walk = {.file = file, .path = path, .err = err};
    const int code = walk_below(&walk, group, visit);
    *sets = walk.sets;
    *blocks = walk.blocks;
    return code;
}

int h5_verify_checked(hid_t file, const char *path, int64_t *sets, int64_t *blocks, struct bl_error *err)
{
    return verify_below(file, path, "/checksums", visit_checksum, sets, blocks, err);
}

int h5_verify_readable(hid_t file, const char *path, int64_t *sets, int64_t *blocks, struct bl_error *err)
{
    return verify_below(file, path, "/", visit_any, sets, blocks, err);
}

static herr_t count_set(hid_t group, const char *name, const H5O_info_t *info, void *context)
{
    int64_t *sets = context;
    (void)group;
    *sets += info->type == H5O_TYPE_DATASET && strncmp(name, "checksums/", 10) != 0;
    return 0;
}

int64_t h5_verify_count(hid_t file)
{
    int64_t sets = 0;
    return H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, count_set, &sets) >= 0 ? sets : 0;
}

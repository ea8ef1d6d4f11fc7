#include "mpi/h5/checked_column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/storage.h"
#include "mpi/h5/table.h"

enum { NAME_BYTES = 700 };

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Looks for every group of the path in turn: H5Lexists fails, rather than say no, if an earlier part is
 * missing. */
static int path_exists(hid_t within, const char *name)
{
    char part[NAME_BYTES];
    for (const char *end = strchr(name + 1, '/'); end; end = strchr(end + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(end - name), name);
        if (!h5_column_exists(within, part))
            return 0;
    }
    return h5_column_exists(within, name);
}

/* Whether there is one checksum for each block of a data set of that shape. */
static int fits(hid_t sums, int64_t rows, int64_t row_bytes)
{
    const int64_t per_block = h5_rows_per_block(row_bytes);
    int64_t said = 0;
    hid_t space = H5Dget_space(sums), type = H5Dget_type(sums);
    int fit = H5Sget_simple_extent_ndims(space) == 1 &&
              H5Sget_simple_extent_npoints(space) == (rows + per_block - 1) / per_block;
    fit &= H5Tequal(type, H5T_STD_U64LE) > 0;
    fit &= h5_get_integer(sums, "rows_per_block", &said) && said == per_block;
    H5Tclose(type);
    H5Sclose(space);
    return fit;
}

int h5_checksums_open(hid_t *sums, hid_t within, const char *name, int64_t rows, int64_t row_bytes,
                      const char *where, struct bl_error *err)
{
    char path[NAME_BYTES];
    *sums = H5I_INVALID_HID;
    if (snprintf(path, sizeof path, "/checksums/%s", name) >= (int)sizeof path || !path_exists(within, path))
        return BL_OK;
    *sums = H5Dopen2(within, path, H5P_DEFAULT);
    if (*sums >= 0 && fits(*sums, rows, row_bytes) && h5_storage_check(*sums, path, where, err) == BL_OK)
        return BL_OK;
    if (*sums >= 0)
        H5Dclose(*sums);
    *sums = H5I_INVALID_HID;
    return bl_fail(err, BL_INPUT, "%s: the checksums of '%s' don't fit it; the file is damaged", where, name);
}

int h5_checksums_make(hid_t *sums, hid_t file, const char *name, int64_t rows, int64_t row_bytes,
                      const char *path, struct bl_error *err)
{
    char of[NAME_BYTES];
    const int64_t per_block = h5_rows_per_block(row_bytes);
    *sums = H5I_INVALID_HID;
    if (snprintf(of, sizeof of, "checksums/%s", name) >= (int)sizeof of)
        return bl_fail(err, BL_DEFECT, "the name %.60s... is too long", name);
    int code = h5_make_dataset(file, of, H5T_STD_U64LE, (rows + per_block - 1) / per_block, 0, sums, err);
    if (code == BL_OK && h5_put_integer(*sums, "rows_per_block", per_block) != 0)
        code = bl_fail(err, BL_PATH, "can't write the checksums of %s", path);
    return code;
}

int h5_checksum_compare(const void *rows, int64_t row_lo, int64_t n, int64_t row_bytes, uint64_t checksum,
                        const char *name, const char *where, struct bl_error *err)
{
    if (h5_block_checksum(rows, n * row_bytes) == checksum)
        return BL_OK;
    return bl_fail(err, BL_INPUT,
                   "%s: '%s' is damaged in rows %" PRId64 " to %" PRId64
                   "; restore the file or make it again",
                   where, name, row_lo, row_lo + n - 1);
}

/* The column's own path names its checksums: those of /train/labels are /checksums/train/labels. */
static int open_sums(struct h5_checked *checked, const char *where, struct bl_error *err)
{
    const struct h5_column *column = checked->column;
    char path[NAME_BYTES];
    const ssize_t n = H5Iget_name(column->set, path, sizeof path);
    if (n < 2 || n >= (ssize_t)sizeof path)
        return BL_OK;
    return h5_checksums_open(&checked->sums, column->set, path + 1, column->rows, checked->stored_row_bytes,
                             where, err);
}

int h5_checked_open(struct h5_checked *checked, const struct h5_column *column, const char *name, hid_t type,
                    const char *where, struct bl_error *err)
{
    const int64_t cols = column->cols > 0 ? column->cols : 1;
    *checked = (struct h5_checked){.column = column, .name = name, .type = type, .held = -1, .sums_at = -1};
    checked->stored_row_bytes = cols * column->value_bytes;
    checked->row_bytes = cols * (int64_t)H5Tget_size(type);
    checked->rows_per_block = h5_rows_per_block(checked->stored_row_bytes);
    checked->stored = H5Dget_type(column->set);
    checked->same = H5Tequal(checked->stored, type) > 0;
    int code = open_sums(checked, where, err);
    /* A block buffer is needed unless every block is one row that can be read straight to its place. It must
     * hold the rows before and after conversion, which H5Tconvert does in place. */
    if (code == BL_OK && checked->sums > 0 && !(checked->same && checked->rows_per_block == 1)) {
        const int64_t longer =
            checked->row_bytes > checked->stored_row_bytes ? checked->row_bytes : checked->stored_row_bytes;
        code = bl_alloc(&checked->block, min64(checked->rows_per_block, column->rows), (size_t)longer,
                        "comparing checksums", err);
    }
    if (code != BL_OK)
        h5_checked_close(checked);
    return code;
}

void h5_checked_close(struct h5_checked *checked)
{
    if (checked->sums > 0)
        H5Dclose(checked->sums);
    if (checked->stored > 0)
        H5Tclose(checked->stored);
    checked->sums = checked->stored = H5I_INVALID_HID;
    bl_free(&checked->block);
}

int h5_checked_has_sums(const struct h5_checked *checked)
{
    return checked->sums > 0;
}

int h5_checked_sums(const struct h5_checked *checked, int64_t block_lo, int64_t n, uint64_t *sums,
                    const char *where, struct bl_error *err)
{
    return h5_read_rows(checked->sums, H5T_NATIVE_UINT64, block_lo, n, 0, sums, where, err);
}

/* The checksum of a block, of which H5_CHECKED_SUMS are read at a time. */
static int find_sum(struct h5_checked *checked, int64_t block, uint64_t *sum, const char *where,
                    struct bl_error *err)
{
    const int64_t blocks = (checked->column->rows + checked->rows_per_block - 1) / checked->rows_per_block;
    if (checked->sums_at < 0 || block < checked->sums_at || block >= checked->sums_at + H5_CHECKED_SUMS) {
        const int64_t n = min64(H5_CHECKED_SUMS, blocks - block);
        checked->sums_at = -1;
        if (h5_checked_sums(checked, block, n, checked->sum, where, err) != BL_OK)
            return err->code;
        checked->sums_at = block;
    }
    *sum = checked->sum[block - checked->sums_at];
    return BL_OK;
}

/* Reads the n rows of a block as stored and compares them: the checksum is of bytes before any conversion. */
static int read_block(struct h5_checked *checked, int64_t block, int64_t n, void *rows, const char *where,
                      struct bl_error *err)
{
    const struct h5_column *column = checked->column;
    const int64_t row_lo = block * checked->rows_per_block;
    uint64_t sum = 0;
    int code = find_sum(checked, block, &sum, where, err);
    if (code == BL_OK)
        code = h5_read_rows(column->set, checked->stored, row_lo, n, column->cols, rows, where, err);
    if (code == BL_OK)
        code =
            h5_checksum_compare(rows, row_lo, n, checked->stored_row_bytes, sum, checked->name, where, err);
    return code;
}

/* Makes `block` the one in checked->block, in memory's type. */
static int hold(struct h5_checked *checked, int64_t block, int64_t n, const char *where, struct bl_error *err)
{
    if (checked->held == block)
        return BL_OK;
    const int64_t cols = checked->column->cols > 0 ? checked->column->cols : 1;
    checked->held = -1;
    int code = read_block(checked, block, n, checked->block, where, err);
    if (code != BL_OK)
        return code;
    if (!checked->same &&
        H5Tconvert(checked->stored, checked->type, (size_t)(n * cols), checked->block, NULL, H5P_DEFAULT) < 0)
        return bl_fail(err, BL_INPUT, "%s: '%s' can't be converted; the file is damaged", where,
                       checked->name);
    checked->held = block;
    return BL_OK;
}

int h5_checked_read(struct h5_checked *checked, int64_t row_lo, int64_t n, void *rows, const char *where,
                    struct bl_error *err)
{
    const struct h5_column *column = checked->column;
    if (!h5_checked_has_sums(checked))
        return h5_read_rows(column->set, checked->type, row_lo, n, column->cols, rows, where, err);
    char *out = rows;
    /* Block by block; the first and the last may be wanted in part. */
    for (int64_t at = row_lo, end = row_lo + n, taken; at < end; at += taken) {
        const int64_t block = at / checked->rows_per_block, first = block * checked->rows_per_block;
        const int64_t in_block = min64(checked->rows_per_block, column->rows - first);
        taken = min64(end, first + in_block) - at;
        int code = BL_OK;
        /* A whole block that needs no conversion goes straight to the caller; the rest by the buffer. */
        if (checked->same && taken == in_block && checked->held != block) {
            code = read_block(checked, block, in_block, out, where, err);
        } else {
            code = hold(checked, block, in_block, where, err);
            if (code == BL_OK)
                memcpy(out, checked->block + (at - first) * checked->row_bytes,
                       (size_t)(taken * checked->row_bytes));
        }
        if (code != BL_OK)
            return code;
        out += taken * checked->row_bytes;
    }
    return BL_OK;
}

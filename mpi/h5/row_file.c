#include "mpi/h5/row_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/config.h"

/* Owns its descriptor, checksums and one block. row_file_block reads it only, so several threads may call
 * that. */
struct row_file {
    int fd;
    int64_t offset; /* of row 0 in the file, in bytes */
    int64_t rows, row_bytes, rows_per_block;
    int64_t block_lo;                           /* the first block that this file was opened for */
    uint64_t *sums;                             /* of the blocks from block_lo on; NULL: no checksums */
    char *block;                                /* [rows_per_block, row_bytes]: the block that is kept */
    int64_t held;                               /* its number; -1: none */
    char where[BL_PATH_MAX + BL_NAME_MAX + 16]; /* for messages */
};

/* Reads the checksums now, by HDF5, so that threads need it no more. */
static int take_sums(struct row_file *file, const struct h5_checked *checked, int64_t row_hi,
                     struct bl_error *err)
{
    const int64_t n = (row_hi - 1) / file->rows_per_block + 1 - file->block_lo;
    if (!h5_checked_has_sums(checked))
        return BL_OK;
    int code = bl_alloc(&file->sums, n, sizeof *file->sums, "checksums", err);
    if (code == BL_OK)
        code = h5_checked_sums(checked, file->block_lo, n, file->sums, file->where, err);
    return code;
}

static int set_up(struct row_file *file, const char *path, const struct h5_checked *checked, int64_t row_hi,
                  struct bl_error *err)
{
    file->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0)
        return bl_fail(err, BL_PATH, "%s can't be opened: %s", path, strerror(errno));
    int code = bl_alloc(&file->block, file->rows_per_block, (size_t)file->row_bytes, "a block of rows", err);
    if (code == BL_OK)
        code = take_sums(file, checked, row_hi, err);
    return code;
}

int row_file_open(struct row_file **out, const char *path, const struct h5_checked *checked, int64_t row_lo,
                  int64_t row_hi, const char *where, struct bl_error *err)
{
    struct row_file *file = NULL;
    *out = NULL;
    int code = bl_alloc_zero(&file, 1, sizeof *file, "a file of rows", err);
    if (code != BL_OK)
        return code;
    file->fd = -1;
    /* Everything that HDF5 knows and the thread will need. */
    file->offset = (int64_t)H5Dget_offset(checked->column->set);
    file->rows = checked->column->rows;
    file->row_bytes = checked->row_bytes;
    file->rows_per_block = checked->rows_per_block;
    file->block_lo = row_lo / file->rows_per_block;
    file->held = -1;
    snprintf(file->where, sizeof file->where, "%s", where);
    code = set_up(file, path, checked, row_hi, err);
    if (code != BL_OK)
        row_file_close(file);
    else
        *out = file;
    return code;
}

void row_file_close(struct row_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close(file->fd);
    bl_free(&file->block);
    bl_free(&file->sums);
    bl_free(&file);
}

int64_t row_file_row_bytes(const struct row_file *file)
{
    return file->row_bytes;
}

int64_t row_file_rows_per_block(const struct row_file *file)
{
    return file->rows_per_block;
}

/* pread returns at most 2 GiB at a time and may return less. */
static int read_bytes(const struct row_file *file, char *bytes, int64_t n, int64_t at, struct bl_error *err)
{
    for (int64_t done = 0; done < n;) {
        const ssize_t got = pread(file->fd, bytes + done, (size_t)(n - done), (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return bl_fail(err, BL_PATH, "%s: 'features' can't be read: %s", file->where, strerror(errno));
        if (got == 0)
            return bl_fail(err, BL_INPUT, "%s: the file has become shorter; restore it or make it again",
                           file->where);
        done += got;
    }
    return BL_OK;
}

int row_file_block(const struct row_file *file, int64_t block, void *rows, struct bl_error *err)
{
    const int64_t first = block * file->rows_per_block, left = file->rows - first;
    const int64_t n = left < file->rows_per_block ? left : file->rows_per_block;
    int code = read_bytes(file, rows, n * file->row_bytes, file->offset + first * file->row_bytes, err);
    if (code == BL_OK && file->sums)
        code = h5_checksum_compare(rows, first, n, file->row_bytes, file->sums[block - file->block_lo],
                                   "features", file->where, err);
    return code;
}

int row_file_row(struct row_file *file, int64_t row, const void **found, struct bl_error *err)
{
    const int64_t block = row / file->rows_per_block;
    if (file->held != block) {
        file->held = -1; /* a failed read leaves no valid block */
        int code = row_file_block(file, block, file->block, err);
        if (code != BL_OK)
            return code;
        file->held = block;
    }
    *found = file->block + (row - block * file->rows_per_block) * file->row_bytes;
    return BL_OK;
}

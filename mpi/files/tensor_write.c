#include "mpi/files/tensor_write.h"

#include <stdio.h>

#include "mpi/files/tensor_file.h"
#include "mpi/h5/table.h"

int tensor_write_open(struct tensor_write *write, struct par par, const char *hints, const char *path,
                      const struct tensor *tensors, const struct file_piece *pieces, int64_t n,
                      struct bl_error *err)
{
    *write = (struct tensor_write){.file = H5I_INVALID_HID,
                                   .set = H5I_INVALID_HID,
                                   .tensors = tensors,
                                   .pieces = pieces,
                                   .n = n,
                                   .has_sums = n == 0};
    return n > 0 ? h5_parallel_open(&write->file, par, hints, path, err) : BL_OK;
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int close_set(struct tensor_write *write, const char *path, struct bl_error *err)
{
    const hid_t set = write->set;
    write->set = H5I_INVALID_HID;
    return set < 0 || H5Dclose(set) >= 0
               ? BL_OK
               : bl_fail(err, BL_PATH, "can't write %s: the disk may be full", path);
}

static int open_set(struct tensor_write *write, const char *name, const char *path, struct bl_error *err)
{
    write->set = H5Dopen2(write->file, name, H5P_DEFAULT);
    return write->set >= 0
               ? BL_OK
               : bl_fail(
                     err, BL_PATH,
                     "%s reads back differently from what was written: '%s' can't be opened; the disk may "
                     "be full or faulty",
                     path, name);
}

/* Writes the next blocks of the current piece in one call: at most `most` bytes, at least one block. Adds
 * their bytes to *written and goes to the next piece after the last block. */
static int write_run(struct tensor_write *write, int64_t most, int64_t *written, const char *path,
                     struct bl_error *err)
{
    const struct file_piece *piece = &write->pieces[write->piece];
    const struct tensor *tensor = &write->tensors[piece->tensor];
    /* from: the next byte of the piece; row: the tensor's row at that byte. Blocks hold whole rows. */
    const int64_t row_bytes = tensor_row_bytes(tensor), from = write->block * piece->block_bytes;
    const int64_t blocks = most / piece->block_bytes > 0 ? most / piece->block_bytes : 1;
    const int64_t n = min64(blocks * piece->block_bytes, piece->bytes - from);
    const int64_t row = (piece->block_lo * piece->block_bytes + from) / row_bytes;
    int code = write->set < 0 ? open_set(write, tensor->name, path, err) : BL_OK;
    if (code == BL_OK)
        code = h5_write_rows(write->set, tensor_type(tensor), row, n / row_bytes, tensor->cols,
                             piece->rows + from, path, err);
    write->block += blocks;
    *written += n;
    if (from + n < piece->bytes)
        return code;
    write->piece++;
    write->block = 0;
    struct bl_error later;
    const int closed = close_set(write, path, code == BL_OK ? err : &later);
    return code == BL_OK ? closed : code;
}

/* One checksum for each block, at the block's number. */
static int write_sums(struct tensor_write *write, const char *path, struct bl_error *err)
{
    char name[sizeof write->tensors->name + 16];
    int code = BL_OK;
    for (int64_t p = 0; p < write->n && code == BL_OK; p++) {
        const struct file_piece *piece = &write->pieces[p];
        snprintf(name, sizeof name, "checksums/%s", write->tensors[piece->tensor].name);
        code = open_set(write, name, path, err);
        if (code == BL_OK)
            code = h5_write_rows(write->set, H5T_STD_U64LE, piece->block_lo, file_blocks_of(piece), 0,
                                 piece->sums, path, err);
        struct bl_error later;
        const int closed = close_set(write, path, code == BL_OK ? err : &later);
        code = code == BL_OK ? closed : code;
    }
    write->has_sums = code == BL_OK;
    return code;
}

int tensor_write_some(struct tensor_write *write, int64_t bytes, const char *path, struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t written = 0; written < bytes && code == BL_OK && write->piece < write->n;)
        code = write_run(write, bytes - written, &written, path, err);
    if (code == BL_OK && write->piece == write->n)
        code = write_sums(write, path, err);
    return code;
}

int tensor_write_is_done(const struct tensor_write *write)
{
    return write->has_sums;
}

int tensor_write_close(struct tensor_write *write, const char *path, struct bl_error *err)
{
    struct bl_error later;
    int code = close_set(write, path, err);
    const int closed = h5_parallel_close(&write->file, path, code == BL_OK ? err : &later);
    return code == BL_OK ? closed : code;
}

#include "mpi/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

#include "base/buffer.h"
#include "mpi/agree.h"
#include "mpi/checked.h"
#include "mpi/h5.h"
#include "mpi/reduce.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows go to the file as they lie in memory");

int par_output_create(struct par_output *output, hid_t file, const char *name, hid_t type, int64_t rows,
                      int64_t cols, struct bl_error *err)
{
    *output = (struct par_output){.set = H5I_INVALID_HID, .type = type, .rows = rows, .cols = cols};
    snprintf(output->name, sizeof output->name, "%s", name);
    output->row_bytes = (int64_t)H5Tget_size(type) * (cols > 0 ? cols : 1);
    return h5_make_dataset(file, name, type, rows, cols, &output->set, err);
}

/* A sum, so that it depends neither on who wrote a row nor on when. */
static uint64_t sum_rows(const struct par_output *output, int64_t row_lo, int64_t n, const void *rows)
{
    const char *at = rows;
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += XXH3_64bits_withSeed(at + i * output->row_bytes, (size_t)output->row_bytes,
                                    (uint64_t)(row_lo + i));
    return sum;
}

int par_output_write_local(struct par_output *output, int64_t row_lo, int64_t n, const void *rows,
                           const char *path, struct bl_error *err)
{
    if (row_lo < 0 || n < 0 || row_lo > output->rows - n)
        return bl_fail(err, BL_DEFECT, "%s: rows %" PRId64 " to %" PRId64 " of %" PRId64 " were handed over",
                       path, row_lo, row_lo + n, output->rows);
    if (n == 0)
        return BL_OK;
    output->written += sum_rows(output, row_lo, n, rows);
    output->rows_written += n;
    return h5_write_rows(output->set, output->type, row_lo, n, output->cols, rows, path, err);
}

int par_output_flush(struct par par, hid_t file, const char *path, struct bl_error *err)
{
    /* MPI promises that one rank sees another's bytes only after sync, barrier, sync. */
    int code = h5_flush(file, par, path, err);
    return code == BL_OK ? h5_flush(file, par, path, err) : code;
}

/* An HDF5 data set that was written to may answer from its own buffer; one opened anew can't. */
static int reopen(struct par_output *output, hid_t file, const char *path, struct bl_error *err)
{
    const int closed = H5Dclose(output->set) >= 0;
    output->set = H5Dopen2(file, output->name, H5P_DEFAULT);
    return !closed || output->set < 0
               ? bl_fail(err, BL_PATH, "%s: '%s' can't be read back", path, output->name)
               : BL_OK;
}

/* Checksums of blocks [lo, hi) into sums and into the data set beside it; returns in *read what `written`
 * should be. */
static int read_back(const struct par_output *output, hid_t checksums, int64_t lo, int64_t hi, uint64_t *read,
                     const char *path, struct bl_error *err)
{
    int64_t rows_per_block = h5_rows_per_block(output->row_bytes);
    uint64_t *sums = NULL;
    char *rows = NULL;
    int code = bl_alloc(&sums, hi - lo, sizeof *sums, "checksums", err);
    if (code == BL_OK)
        code = bl_alloc(&rows, rows_per_block * output->row_bytes, 1, "a block to read back", err);
    for (int64_t b = lo; b < hi && code == BL_OK; b++) {
        int64_t row_lo = b * rows_per_block;
        int64_t n = output->rows - row_lo < rows_per_block ? output->rows - row_lo : rows_per_block;
        code = h5_read_rows(output->set, output->type, row_lo, n, output->cols, rows, path, err);
        if (code != BL_OK)
            break;
        sums[b - lo] = h5_block_checksum(rows, n * output->row_bytes);
        *read += sum_rows(output, row_lo, n, rows);
    }
    if (code == BL_OK && hi > lo)
        code = h5_write_rows(checksums, H5T_NATIVE_UINT64, lo, hi - lo, 0, sums, path, err);
    bl_free(&rows);
    bl_free(&sums);
    return code;
}

static int compare(const struct par_output *output, struct par par, uint64_t read, const char *path,
                   struct bl_error *err)
{
    uint64_t totals[3] = {output->written, read, (uint64_t)output->rows_written};
    par_sum_words(par, totals, 3);
    if (totals[2] != (uint64_t)output->rows)
        return bl_fail(err, BL_DEFECT, "%s: %" PRIu64 " of the %" PRId64 " rows of '%s' were written", path,
                       totals[2], output->rows, output->name);
    if (totals[0] != totals[1])
        return bl_fail(
            err, BL_PATH,
            "%s: '%s' reads back differently from what was written; the disk may be full or faulty", path,
            output->name);
    return BL_OK;
}

int par_output_seal(struct par_output *output, struct par par, hid_t file, const char *path,
                    struct bl_error *err)
{
    int64_t rows_per_block = h5_rows_per_block(output->row_bytes), lo, hi;
    int64_t blocks = (output->rows + rows_per_block - 1) / rows_per_block;
    hid_t checksums = H5I_INVALID_HID;
    uint64_t read = 0;
    int code = par_checksums_make(&checksums, file, output->name, output->rows, output->row_bytes, path, err);
    if (code == BL_OK)
        code = reopen(output, file, path, err);
    code = par_agree(par, code, err);
    if (code == BL_OK) {
        par_range_local(blocks, par.rank, par.size, &lo, &hi);
        code = par_agree(par, read_back(output, checksums, lo, hi, &read, path, err), err);
    }
    const int closed = checksums < 0 || H5Dclose(checksums) >= 0;
    if (code == BL_OK && !closed)
        code = bl_fail(err, BL_PATH, "can't write the checksums of %s; the disk may be full", path);
    code = par_agree(par, code, err);
    if (code == BL_OK)
        code = compare(output, par, read, path, err);
    return code;
}

void par_output_close_local(struct par_output *output)
{
    if (output->type > 0)
        H5Tclose(output->type);
    if (output->set >= 0)
        H5Dclose(output->set);
    output->set = output->type = H5I_INVALID_HID;
}

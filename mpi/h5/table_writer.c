#include "mpi/h5/table_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

#include "base/buffer.h"
#include "base/share.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/table.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows go to the file as they lie in memory");

void h5_writer_describe(struct h5_writer *writer, const char *name, hid_t type, int64_t rows, int64_t cols)
{
    *writer = (struct h5_writer){.set = H5I_INVALID_HID, .type = type, .rows = rows, .cols = cols};
    snprintf(writer->name, sizeof writer->name, "%s", name);
    writer->row_bytes = (int64_t)H5Tget_size(type) * (cols > 0 ? cols : 1);
}

int h5_writer_make(struct h5_writer *writer, hid_t file, const char *path, struct bl_error *err)
{
    hid_t sums = H5I_INVALID_HID;
    int code =
        h5_make_dataset(file, writer->name, writer->type, writer->rows, writer->cols, &writer->set, err);
    if (code == BL_OK)
        code = h5_checksums_make(&sums, file, writer->name, writer->rows, writer->row_bytes, path, err);
    if (sums >= 0)
        H5Dclose(sums);
    return code;
}

int h5_writer_leave(struct h5_writer *writer, const char *path, struct bl_error *err)
{
    const hid_t set = writer->set;
    writer->set = H5I_INVALID_HID;
    return set < 0 || H5Dclose(set) >= 0
               ? BL_OK
               : bl_fail(err, BL_PATH, "can't write %s; the disk may be full", path);
}

/* Closes and opens: a data set that was written to may be read from HDF5's buffer, one just opened can't. */
int h5_writer_open(struct h5_writer *writer, hid_t file, const char *path, struct bl_error *err)
{
    int code = h5_writer_leave(writer, path, err);
    if (code != BL_OK)
        return code;
    writer->set = H5Dopen2(file, writer->name, H5P_DEFAULT);
    return writer->set >= 0
               ? BL_OK
               : bl_fail(
                     err, BL_PATH,
                     "%s reads back differently from what was written: '%s' can't be opened; the disk may "
                     "be full or faulty",
                     path, writer->name);
}

/* The sum over rows i of XXH3(row i, seed i): the same whichever rank wrote a row, and in whatever order;
 * the seed notices rows in the wrong place. */
static uint64_t sum_rows(const struct h5_writer *writer, int64_t row_lo, int64_t n, const void *rows)
{
    const char *at = rows;
    uint64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += XXH3_64bits_withSeed(at + i * writer->row_bytes, (size_t)writer->row_bytes,
                                    (uint64_t)(row_lo + i));
    return sum;
}

int h5_writer_write(struct h5_writer *writer, int64_t row_lo, int64_t n, const void *rows, const char *path,
                    struct bl_error *err)
{
    if (row_lo < 0 || n < 0 || row_lo > writer->rows - n)
        return bl_fail(err, BL_DEFECT,
                       "%s: rows %" PRId64 " to %" PRId64 " can't be written, there are %" PRId64, path,
                       row_lo, row_lo + n, writer->rows);
    if (n == 0)
        return BL_OK;
    /* The hash is of what the caller passed, before HDF5 sees it: so the seal checks the whole way to the
     * file. */
    writer->written += sum_rows(writer, row_lo, n, rows);
    writer->rows_written += n;
    return h5_write_rows(writer->set, writer->type, row_lo, n, writer->cols, rows, path, err);
}

/* Reads blocks [lo, hi), writes their checksums, and adds the rows' hash sum to *read: over all ranks it
 * must equal the sum of `written`. */
static int read_back(const struct h5_writer *writer, hid_t checksums, int64_t lo, int64_t hi, uint64_t *read,
                     const char *path, struct bl_error *err)
{
    int64_t rows_per_block = h5_rows_per_block(writer->row_bytes);
    uint64_t *sums = NULL;
    char *rows = NULL;
    int code = bl_alloc(&sums, hi - lo, sizeof *sums, "checksums", err);
    if (code == BL_OK)
        code = bl_alloc(&rows, rows_per_block * writer->row_bytes, 1, "a block to read back", err);
    for (int64_t b = lo; b < hi && code == BL_OK; b++) {
        int64_t row_lo = b * rows_per_block;
        int64_t n = writer->rows - row_lo < rows_per_block ? writer->rows - row_lo : rows_per_block;
        code = h5_read_rows(writer->set, writer->type, row_lo, n, writer->cols, rows, path, err);
        if (code != BL_OK)
            break;
        sums[b - lo] = h5_block_checksum(rows, n * writer->row_bytes);
        *read += sum_rows(writer, row_lo, n, rows);
    }
    if (code == BL_OK && hi > lo)
        code = h5_write_rows(checksums, H5T_NATIVE_UINT64, lo, hi - lo, 0, sums, path, err);
    bl_free(&rows);
    bl_free(&sums);
    return code;
}

/* Over all ranks: hash sum written = hash sum read, and rows written = rows. Each rank gets the same
 * totals, so all return the same. */
static int compare(const struct h5_writer *writer, struct par par, uint64_t read, const char *path,
                   struct bl_error *err)
{
    uint64_t totals[3] = {writer->written, read, (uint64_t)writer->rows_written};
    par_sum_words(par, totals, 3);
    if (totals[2] != (uint64_t)writer->rows)
        return bl_fail(err, BL_DEFECT, "%s: %" PRIu64 " of the %" PRId64 " rows of '%s' were written", path,
                       totals[2], writer->rows, writer->name);
    if (totals[0] != totals[1])
        return bl_fail(
            err, BL_PATH,
            "%s: '%s' reads back differently from what was written; the disk may be full or faulty", path,
            writer->name);
    return BL_OK;
}

int par_h5_writer_seal(struct h5_writer *writer, struct par par, hid_t file, const char *path,
                       struct bl_error *err)
{
    char name[sizeof writer->name + 16];
    const int64_t rows_per_block = h5_rows_per_block(writer->row_bytes);
    int64_t lo, hi;
    uint64_t read = 0;
    /* Each rank reads back an equal share of the blocks, mostly rows that other ranks wrote. */
    bl_share((writer->rows + rows_per_block - 1) / rows_per_block, par.rank, par.size, &lo, &hi);
    snprintf(name, sizeof name, "checksums/%s", writer->name);
    int code = h5_writer_open(writer, file, path, err);
    hid_t checksums = code == BL_OK ? H5Dopen2(file, name, H5P_DEFAULT) : H5I_INVALID_HID;
    if (code == BL_OK && checksums < 0)
        code = bl_fail(err, BL_PATH, "%s: the checksums of '%s' can't be opened", path, writer->name);
    if (code == BL_OK)
        code = read_back(writer, checksums, lo, hi, &read, path, err);
    const int closed = checksums < 0 || H5Dclose(checksums) >= 0;
    if (code == BL_OK && !closed)
        code = bl_fail(err, BL_PATH, "can't write the checksums of %s; the disk may be full", path);
    code = par_agree(par, code, err);
    return code == BL_OK ? compare(writer, par, read, path, err) : code;
}

void h5_writer_close(struct h5_writer *writer)
{
    if (writer->type > 0)
        H5Tclose(writer->type);
    if (writer->set >= 0)
        H5Dclose(writer->set);
    writer->set = writer->type = H5I_INVALID_HID;
}

/* Writing one data set with any number of ranks. One rank creates it (h5_writer_make) and closes the file;
 * every rank opens the file by itself (mpi/h5/parallel_file.h) and writes blocks of rows by independent
 * transfers; then par_h5_writer_seal reads everything back, compares it with what was written, and writes
 * the checksums. The file's bytes don't depend on the number of ranks or on the order of writing. */
#ifndef PAR_H5_TABLE_WRITER_H
#define PAR_H5_TABLE_WRITER_H

#include <hdf5.h>
#include <stdint.h>

#include "mpi/ranks/comm.h"

/* Owns both handles. rows_written and written differ between ranks; the rest is the same on all. */
struct h5_writer {
    hid_t set;  /* invalid: not open */
    hid_t type; /* in the file and in memory: hosts are little-endian. 0 or negative: no such data set */
    int64_t rows, cols, row_bytes;
    int64_t rows_written; /* by this rank */
    uint64_t written;     /* sum over those rows of a hash of row number and bytes */
    char name[128];
};

/* Describes the data set /name [rows] (cols = 0) or [rows, cols]; takes ownership of `type`. Local. */
void h5_writer_describe(struct h5_writer *writer, const char *name, hid_t type, int64_t rows, int64_t cols);

/* Creates the data set and that of its checksums in a file, and leaves it open. Local. Errors: BL_PATH. */
int h5_writer_make(struct h5_writer *writer, hid_t file, const char *path, struct bl_error *err);

/* Opens the data set that was made; closes it first if it is open. Local. Errors: BL_PATH. */
int h5_writer_open(struct h5_writer *writer, hid_t file, const char *path, struct bl_error *err);

/* Writes rows [row_lo, row_lo + n). Every row is written once, by one rank. Local. Errors: BL_PATH;
 * BL_DEFECT rows out of range. */
int h5_writer_write(struct h5_writer *writer, int64_t row_lo, int64_t n, const void *rows, const char *path,
                    struct bl_error *err);

/* Reads everything back, each rank a share of the blocks, and writes /checksums/name. Before the call, the
 * rows of all ranks must be in the file system, and this rank's `file` opened or flushed after that.
 * Collective; agreed. Errors: BL_PATH the rows read differ from those written; BL_DEFECT not all rows were
 * written. */
int par_h5_writer_seal(struct h5_writer *writer, struct par par, hid_t file, const char *path,
                       struct bl_error *err);

/* Closes the data set; h5_writer_open opens it again. Local. Errors: BL_PATH. */
int h5_writer_leave(struct h5_writer *writer, const char *path, struct bl_error *err);

/* Closes both handles. Local; safe twice, and on zeros with set H5I_INVALID_HID. */
void h5_writer_close(struct h5_writer *writer);

#endif

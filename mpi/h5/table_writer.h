/* A data set on its way into a file, written by any number of ranks in blocks of rows by independent
 * transfers, then sealed: read back, compared with what was handed over, and given its checksums. One rank
 * makes it; then each has the file open for itself (mpi/h5/parallel_file.h). The file's bytes don't depend on the
 * number of ranks or on the order of writing. */
#ifndef PAR_H5_TABLE_WRITER_H
#define PAR_H5_TABLE_WRITER_H

#include <hdf5.h>
#include <stdint.h>

#include "mpi/ranks/comm.h"

struct h5_writer {
    hid_t set;  /* invalid: not open */
    hid_t type; /* as stored and as handed over: hosts are little-endian. Not above 0: there is no such data
                   set */
    int64_t rows, cols, row_bytes;
    int64_t rows_written; /* by this rank */
    uint64_t written;     /* sum over those rows of a hash of row number and bytes */
    char name[128];
};

/* That it will be /name [rows] (cols = 0) or [rows, cols]; takes `type`. Local. */
void h5_writer_describe(struct h5_writer *output, const char *name, hid_t type, int64_t rows, int64_t cols);

/* Makes it in a file, with room for its checksums, and leaves it open. Local. Errors: BL_PATH. */
int h5_writer_make(struct h5_writer *output, hid_t file, const char *path, struct bl_error *err);

/* Opens what was made, or opens it anew. Local. Errors: BL_PATH. */
int h5_writer_open(struct h5_writer *output, hid_t file, const char *path, struct bl_error *err);

/* Rows [row_lo, row_lo + n), each handed over once by one rank. Local. Errors: BL_PATH. */
int h5_writer_write(struct h5_writer *output, int64_t row_lo, int64_t n, const void *rows, const char *path,
                    struct bl_error *err);

/* Reads everything back, each rank its share of the blocks, and writes /checksums/name. What all ranks wrote
 * must be where every rank can read it, and `file` have been opened or flushed since. Collective; agreed.
 * Errors: BL_PATH what is read is not what was written; BL_DEFECT rows were left out. */
int par_h5_writer_seal(struct h5_writer *output, struct par par, hid_t file, const char *path,
                       struct bl_error *err);

/* Closes the data set, to be opened again. Local. Errors: BL_PATH. */
int h5_writer_leave(struct h5_writer *output, const char *path, struct bl_error *err);

/* Local, safe twice and on zeros whose set is H5I_INVALID_HID. */
void h5_writer_close(struct h5_writer *output);

#endif

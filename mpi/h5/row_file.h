/* Rows of features read from the file itself, without HDF5: the bytes of a data set that lies there in one
 * piece, block by block of its checksums. Debian's HDF5 takes one thread at a time; this takes any.
 * Everything here is local. */
#ifndef PAR_H5_ROW_FILE_H
#define PAR_H5_ROW_FILE_H

#include "mpi/h5/checked_column.h"

struct row_file;

/* Opens what holds rows [row_lo, row_hi) of checked->column in the file at path; the column is contiguous and
 * its types are the same in file and memory. Copies where, path and the checksums, if there are any. Errors:
 * BL_PATH, BL_INPUT, BL_MEMORY; *out is NULL then. */
int row_file_open(struct row_file **out, const char *path, const struct h5_checked *checked, int64_t row_lo,
                  int64_t row_hi, const char *where, struct bl_error *err);

/* NULL is fine. */
void row_file_close(struct row_file *file);

int64_t row_file_row_bytes(const struct row_file *file);

/* A block is so many rows from a multiple of it on; the last of the column may have fewer. */
int64_t row_file_rows_per_block(const struct row_file *file);

/* Block `block`, which holds rows that the file was opened for, into rows [rows_per_block, row_bytes],
 * compared with its checksum. Any thread may call it. Allocates nothing. Errors: BL_PATH the system can't
 * read it; BL_INPUT the file has become shorter, or the block isn't what was written. */
int row_file_block(const struct row_file *file, int64_t block, void *rows, struct bl_error *err);

/* Sets *found to one row, borrowed until the next call; the block around it is kept, so that rows in order
 * read each block once. For one thread at a time. Errors as above. */
int row_file_row(struct row_file *file, int64_t row, const void **found, struct bl_error *err);

#endif

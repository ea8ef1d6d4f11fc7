/* Rows of features read by pread, without HDF5, from a data set that is stored contiguously; block by
 * block, each compared with its checksum. Debian's HDF5 allows one thread at a time, this allows any
 * number. Everything here is local. */
#ifndef PAR_H5_ROW_FILE_H
#define PAR_H5_ROW_FILE_H

#include "mpi/h5/checked_column.h"

struct row_file;

/* Opens the file at path for the blocks that hold rows [row_lo, row_hi) of checked->column, which must be
 * contiguous and stored in the type used in memory. Copies `where` and the checksums, if there are any;
 * keeps no pointer. Errors: BL_PATH, BL_INPUT, BL_MEMORY; *out is NULL then. */
int row_file_open(struct row_file **out, const char *path, const struct h5_checked *checked, int64_t row_lo,
                  int64_t row_hi, const char *where, struct bl_error *err);

/* NULL is fine. */
void row_file_close(struct row_file *file);

/* Bytes of one row. */
int64_t row_file_row_bytes(const struct row_file *file);

/* Rows of a block: block b begins at row b times this. The column's last block may have fewer. */
int64_t row_file_rows_per_block(const struct row_file *file);

/* Reads one of the blocks that the file was opened for into rows [rows_per_block, row_bytes] and compares
 * it with its checksum. Any thread may call it. Allocates nothing. Errors: BL_PATH the system can't read
 * it; BL_INPUT the file has become shorter, or the checksum differs. */
int row_file_block(const struct row_file *file, int64_t block, void *rows, struct bl_error *err);

/* Sets *found to one row, valid until the next call. The block around it is kept, so that rows read in
 * order read each block once. For one thread at a time. Errors as above. */
int row_file_row(struct row_file *file, int64_t row, const void **found, struct bl_error *err);

#endif

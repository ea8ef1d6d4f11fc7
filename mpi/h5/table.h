/* Data sets of rows, and how their rows are divided into blocks with checksums. Everything here is local:
 * files are made by one process, and rows move by independent transfers. */
#ifndef PAR_H5_TABLE_H
#define PAR_H5_TABLE_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* Creates the group if it isn't there; its parents must exist. Returns 0, or -1. */
int h5_make_group(hid_t file, const char *name);

/* Creates a contiguous data set [rows, cols] (cols = 0: [rows]) of `type`, and its parent groups where
 * they are missing. The caller closes *dataset, which is invalid on failure. Errors: BL_PATH. */
int h5_make_dataset(hid_t file, const char *name, hid_t type, int64_t rows, int64_t cols, hid_t *dataset,
                    struct bl_error *err);

/* Writes or reads rows [row_lo, row_lo + n), of `cols` values in any number of dimensions, in calls of at most piece_bytes, but at least one row; 0 or
 * -1. The two functions below call it with 1 GiB, since MPI-IO counts bytes in an int; public for tests. */
int h5_move_rows(int writing, hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols,
                 void *rows, int64_t piece_bytes);

/* Writes or reads rows [row_lo, row_lo + n) of rows [n, cols] by independent transfers. `what` names file
 * and data set in messages. Errors: BL_PATH writing failed; BL_INPUT reading failed. */
int h5_write_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, const void *rows,
                  const char *what, struct bl_error *err);
int h5_read_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, void *rows,
                 const char *what, struct bl_error *err);

/* Checksums: a data set /path is divided into blocks of whole rows of about 1 MiB (at least one row), which
 * depends only on its row size. /checksums/path [blocks] uint64 holds the XXH3-64 of each block's bytes as
 * stored (little-endian), and its attribute rows_per_block the rows of a block. */
int64_t h5_rows_per_block(int64_t row_bytes);
uint64_t h5_block_checksum(const void *bytes, int64_t n_bytes);

#endif

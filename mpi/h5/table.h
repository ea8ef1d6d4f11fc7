/* Data sets of rows, and how their rows are cut into blocks with checksums. Reading and writing rows is local;
 * making groups and data sets is collective as the file is. */
#ifndef PAR_H5_TABLE_H
#define PAR_H5_TABLE_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* Makes the group unless it is there; its parents are. Returns 0, or -1. Collective as the file is. */
int h5_make_group(hid_t file, const char *name);

/* Contiguous data sets [rows, cols] (cols = 0: [rows]) of `type`, created with missing parent groups.
 * Collective. */
int h5_make_dataset(hid_t file, const char *name, hid_t type, int64_t rows, int64_t cols, hid_t *dataset,
                    struct bl_error *err);

/* Writes or reads rows [row_lo, row_lo + n) in calls of at most piece_bytes (but a row at least); 0 or -1.
 * What the two below do with 1 GiB, as MPI-IO counts bytes in an int; by itself for tests. */
int h5_move_rows(int writing, hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols,
                 void *rows, int64_t piece_bytes);

/* One contiguous block of rows by independent transfers, at most 1 GiB a call to HDF5. `what` names file and
 * data set in the message. BL_PATH when writing fails, BL_INPUT when reading does. */
int h5_write_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, const void *rows,
                  const char *what, struct bl_error *err);
int h5_read_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, void *rows,
                 const char *what, struct bl_error *err);

/* Checksums: a data set /path is cut into blocks of whole rows, about 1 MiB each, a function of its shape and
 * type alone; /checksums/path [blocks] uint64 holds XXH3-64 of each block's bytes as stored (little-endian),
 * attribute rows_per_block. */
int64_t h5_rows_per_block(int64_t row_bytes);
uint64_t h5_block_checksum(const void *bytes, int64_t n_bytes);

#endif

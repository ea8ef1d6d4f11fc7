/* Rows of a column in the type the caller asks for. Each block is compared with its checksum
 * (/checksums/NAME for /NAME) before any of its rows is returned. If only part of a block is wanted, all
 * of it is read and kept until another is needed, so reading on in order reads nothing twice; two ranks
 * whose rows meet inside a block both read it. Without checksums, rows are returned unverified. Everything
 * here is local; `where` names file and split in messages and is borrowed for the call. */
#ifndef PAR_H5_CHECKED_COLUMN_H
#define PAR_H5_CHECKED_COLUMN_H

#include <hdf5.h>
#include <stdint.h>

#include "mpi/h5/column.h"

enum { H5_CHECKED_SUMS = 64 };

/* A reader of one column. It borrows the open column, which must stay open, and owns its handle of the
 * checksums and one block of rows. */
struct h5_checked {
    const struct h5_column *column; /* borrowed */
    const char *name;               /* for messages; borrowed */
    hid_t type;                     /* in memory; borrowed */
    hid_t stored;                   /* in the file */
    hid_t sums;                     /* the data set of checksums; 0 or negative: there is none */
    int same;                       /* `type` and `stored` are the same bytes */
    int64_t rows_per_block, stored_row_bytes, row_bytes;
    char *block;  /* [rows_per_block, the longer of both rows]; owned; NULL when never needed */
    int64_t held; /* the block in it, in memory's type; -1: none */
    int64_t sums_at;
    uint64_t sum[H5_CHECKED_SUMS]; /* checksums of block sums_at and the next ones; sums_at -1: none */
};

/* Prepares to read `column`, open as `name`, as values of `type`. A struct of zeros may be closed; on failure
 * it is closed already. Errors: BL_INPUT checksums that don't fit the column; BL_MEMORY. */
int h5_checked_open(struct h5_checked *checked, const struct h5_column *column, const char *name, hid_t type,
                    const char *where, struct bl_error *err);
void h5_checked_close(struct h5_checked *checked);

/* 1 if the column has checksums. */
int h5_checked_has_sums(const struct h5_checked *checked);

/* Reads rows [row_lo, row_lo + n), which must exist. Allocates nothing. Errors: BL_INPUT unreadable, or a
 * block whose checksum differs, naming its rows. */
int h5_checked_read(struct h5_checked *checked, int64_t row_lo, int64_t n, void *rows, const char *where,
                    struct bl_error *err);

/* Reads the checksums of blocks [block_lo, block_lo + n) into sums [n]. Call it only if there are checksums.
 * Errors: BL_INPUT unreadable. */
int h5_checked_sums(const struct h5_checked *checked, int64_t block_lo, int64_t n, uint64_t *sums,
                    const char *where, struct bl_error *err);

/* Opens the checksums of the data set /name, which has `rows` rows of row_bytes as stored, in the file to
 * which the object `within` belongs. *sums is invalid if there are none or on failure; else the caller
 * closes it. Errors: BL_INPUT checksums that don't fit the data set. */
int h5_checksums_open(hid_t *sums, hid_t within, const char *name, int64_t rows, int64_t row_bytes,
                      const char *where, struct bl_error *err);

/* Creates /checksums/name for the data set /name of that shape; its values are written later. By the one
 * process that has the file open to make it. Errors: BL_PATH, naming `path`. */
int h5_checksums_make(hid_t *sums, hid_t file, const char *name, int64_t rows, int64_t row_bytes,
                      const char *path, struct bl_error *err);

/* BL_OK if the rows of one block, [row_lo, row_lo + n), have this checksum; otherwise BL_INPUT, naming
 * them. */
int h5_checksum_compare(const void *rows, int64_t row_lo, int64_t n, int64_t row_bytes, uint64_t checksum,
                        const char *name, const char *where, struct bl_error *err);

#endif

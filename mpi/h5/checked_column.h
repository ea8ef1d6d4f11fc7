/* Rows of a column as memory wants them, each block compared with its checksum (/checksums/NAME for /NAME)
 * before a row of it is handed out. A block that is wanted in part is read whole and kept until another is,
 * so reading on from where the last call ended reads nothing twice; ranks whose rows meet inside a block both
 * read it. Without checksums rows are read as they are. Everything here is local; `where` names file and
 * split in messages. */
#ifndef PAR_H5_CHECKED_COLUMN_H
#define PAR_H5_CHECKED_COLUMN_H

#include <hdf5.h>
#include <stdint.h>

#include "mpi/h5/column.h"

enum { H5_CHECKED_SUMS = 64 };

struct h5_checked {
    const struct h5_column *column; /* borrowed */
    const char *name;               /* borrowed; in messages */
    hid_t type;                     /* in memory; borrowed */
    hid_t stored;                   /* in the file */
    hid_t sums;                     /* not above 0: there are no checksums */
    int same;                       /* both types are the same bytes */
    int64_t rows_per_block, stored_row_bytes, row_bytes;
    char *block;  /* [rows_per_block, the longer row]; NULL when blocks are never wanted in part */
    int64_t held; /* which block that is, in memory's type; -1: none */
    int64_t sums_at;
    uint64_t sum[H5_CHECKED_SUMS]; /* checksums of block sums_at and those after it; sums_at -1: none */
};

/* For reading `column`, open as `name`, as values of `type`. A struct of zeros may be closed; on failure it
 * is closed. Errors: BL_INPUT checksums that don't fit the column; BL_MEMORY. */
int h5_checked_open(struct h5_checked *checked, const struct h5_column *column, const char *name, hid_t type,
                    const char *where, struct bl_error *err);
void h5_checked_close(struct h5_checked *checked);

/* 1 if there are checksums to compare with. */
int h5_checked_has_sums(const struct h5_checked *checked);

/* Rows [row_lo, row_lo + n), which exist. Allocates nothing. Errors: BL_INPUT unreadable, or a block that
 * isn't what was written, with its rows. */
int h5_checked_read(struct h5_checked *checked, int64_t row_lo, int64_t n, void *rows, const char *where,
                    struct bl_error *err);

/* sums [n] of blocks from block_lo on; there are checksums. Errors: BL_INPUT unreadable. */
int h5_checked_sums(const struct h5_checked *checked, int64_t block_lo, int64_t n, uint64_t *sums,
                    const char *where, struct bl_error *err);

/* The checksums of the data set /name, with `rows` rows of row_bytes as stored, in the file that the object
 * `within` belongs to; *sums is invalid when there are none or on failure. Errors: BL_INPUT checksums that
 * don't fit. */
int h5_checksums_open(hid_t *sums, hid_t within, const char *name, int64_t rows, int64_t row_bytes,
                      const char *where, struct bl_error *err);

/* Makes /checksums/name for the data set /name of so many rows, with nothing in it yet. Collective as the
 * file is; not agreed. Errors: BL_PATH, with `path` named. */
int h5_checksums_make(hid_t *sums, hid_t file, const char *name, int64_t rows, int64_t row_bytes,
                      const char *path, struct bl_error *err);

/* BL_INPUT unless the rows of one block, n from row_lo on, have the checksum. */
int h5_checksum_compare(const void *rows, int64_t row_lo, int64_t n, int64_t row_bytes, uint64_t checksum,
                        const char *name, const char *where, struct bl_error *err);

#endif

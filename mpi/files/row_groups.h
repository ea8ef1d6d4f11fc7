/* The groups to which rows of a data set or codes belong (docs/file-formats.md): /<split>/groups [N] or
 * [N,M], integers from 0, -1 for none. Rows that share a group are similar. Everything here is local;
 * `where` names file and split in messages. */
#ifndef PAR_FILES_ROW_GROUPS_H
#define PAR_FILES_ROW_GROUPS_H

#include "data/labels.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/column.h"

/* Owns its handles and scratch. It must not be moved in memory: `checked` points to `column`. */
struct row_groups {
    struct h5_column column; /* its set is invalid if there are no groups */
    struct h5_checked checked;
    struct bl_label_layout layout;
    int64_t *scratch; /* [scratch_rows, M] as HDF5 delivers them */
    int64_t scratch_rows;
};

/* Makes *groups one without groups, which may be closed. */
void row_groups_init(struct row_groups *groups);

/* Opens the groups if the HDF5 group `group` has them. *groups may be closed whatever the result. Errors:
 * BL_INPUT values that aren't integers; those of h5_column_open; BL_MEMORY. */
int row_groups_open(struct row_groups *groups, hid_t group, const char *where, struct bl_error *err);

/* Closes everything. Safe twice. */
void row_groups_close(struct row_groups *groups);

/* Reads rows [row_lo, row_lo + n) into words [n, layout.words], packed. Allocates nothing. Errors: BL_INPUT
 * unreadable, damaged, or, with the row, a number that can't be a group. */
int row_groups_read(struct row_groups *groups, int64_t row_lo, int64_t n, uint32_t *words, const char *where,
                    struct bl_error *err);

#endif

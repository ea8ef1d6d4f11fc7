/* The groups that rows of a data set are in (docs/file-formats.md): /<split>/groups [N] or [N,M] integers
 * from 0, -1 for none, beside features and labels. All of it is local; `where` names file and split in
 * messages. */
#ifndef PAR_FILES_ROW_GROUPS_H
#define PAR_FILES_ROW_GROUPS_H

#include "data/labels.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/column.h"

struct row_groups {
    struct h5_column column; /* its set is invalid when there are none */
    struct h5_checked checked;
    struct bl_label_layout layout;
    int64_t *scratch; /* [scratch_rows, M] as HDF5 delivers them; owned */
    int64_t scratch_rows;
};

/* No groups: may be closed. */
void row_groups_init(struct row_groups *groups);

/* Opens them if `group` has them. *groups may be closed whatever the result, and stays in its place. Errors:
 * BL_INPUT a type that isn't an integer; those of a column; BL_MEMORY. */
int row_groups_open(struct row_groups *groups, hid_t group, const char *where, struct bl_error *err);

/* Safe twice. */
void row_groups_close(struct row_groups *groups);

/* Rows [row_lo, row_lo + n) into words [n, layout.words], packed. Allocates nothing. Errors: BL_INPUT
 * unreadable or not what its checksum says, or with the row a number that can't be a group. */
int row_groups_read(struct row_groups *groups, int64_t row_lo, int64_t n, uint32_t *words, const char *where,
                    struct bl_error *err);

#endif

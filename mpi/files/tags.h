/* What rows have beside features or codes: labels, groups, ids and class names. Data sets and code files
 * keep them in the same form, as data sets of one HDF5 group:
 *
 *   labels       [N] or [N,1] whole numbers of any type, -1 for no label, or [N,C] of 0 and 1; bitloom writes
 *                int32 [N] and uint8 [N,C]. Attribute class_names [n], fixed-length strings: the names of classes 0, 1, ...
 *   groups       [N] or [N,M] whole numbers: the groups of each row (mpi/files/row_groups.h)
 *   ids          [N] integers or fixed-length strings; bitloom writes strings padded with NUL
 *
 * Everything here is local; `where` names file and split in messages. */
#ifndef PAR_FILES_TAGS_H
#define PAR_FILES_TAGS_H

#include "data/labels.h"
#include "mpi/files/row_groups.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/column.h"

/* Owns its handles, class names and scratch. It must not be moved in memory: it points into itself. */
struct tags {
    struct h5_column labels_column, ids_column; /* set is invalid if there are none */
    struct h5_checked checked_labels, checked_ids;
    hid_t id_type; /* in memory */
    struct row_groups groups;
    struct bl_label_layout labels;
    int64_t id_bytes; /* 0: no ids */
    int64_t n_class_names;
    char **class_names;
    char *scratch; /* [scratch_rows, row as HDF5 delivers it] */
    int64_t scratch_rows;
};

/* Opens those of labels, groups and ids that exist in `group`, whose main data set `main_name` has `rows`
 * rows. *tags may be closed whatever the result. Errors: BL_INPUT a type or shape that doesn't fit;
 * BL_MEMORY. */
int tags_open(struct tags *tags, hid_t group, const char *main_name, int64_t rows, const char *where,
              struct bl_error *err);

/* Closes everything after tags_open, whatever its result. Safe twice. */
void tags_close(struct tags *tags);

/* 1 if everything that was opened has checksums. */
int tags_have_sums(const struct tags *tags);

/* Uses the groups as labels from now on, if there are groups and they are preferred or there are no
 * labels: then tags->labels is the groups' layout, and classes have no names. */
void tags_use_groups(struct tags *tags, int prefer_groups);

/* Reads rows [row_lo, row_lo + n): labels [n, words] packed, ids [n, id_bytes]; each may be NULL.
 * Allocates nothing. Errors: BL_INPUT unreadable, damaged, or, with the row, a label that can't be one. */
int tags_read(struct tags *tags, int64_t row_lo, int64_t n, uint32_t *labels, char *ids, const char *where,
              struct bl_error *err);

#endif

/* What rows carry beside their features or codes: labels, groups, ids and the names of the classes. Data sets
 * and codes files keep them in the same form, beside each other in one group:
 *
 *   labels       [N] any integer type (-1: no label), or [N,C] integers 0 and 1; bitloom writes int32 and
 * uint8 labels, attribute class_names [n] fixed-length strings: name of class 0, 1, ...
 *   groups       [N] or [N,M] integers: which groups a row is in (mpi/files/row_groups.h)
 *   ids          [N]
 * integers or fixed-length strings; bitloom writes strings padded with zeros
 *
 * All of it is local. */
#ifndef PAR_FILES_TAGS_H
#define PAR_FILES_TAGS_H

#include "data/labels.h"
#include "mpi/files/row_groups.h"
#include "mpi/h5/checked_column.h"
#include "mpi/h5/column.h"

struct tags {
    struct h5_column labels_column, ids_column; /* their sets are invalid when there are none */
    struct h5_checked checked_labels, checked_ids;
    hid_t id_type; /* in memory */
    struct row_groups groups;
    struct bl_label_layout labels;
    int64_t id_bytes; /* 0: no ids */
    int64_t n_class_names;
    char **class_names; /* owned */
    char *scratch;      /* [scratch_rows, row as HDF5 delivers it]; owned */
    int64_t scratch_rows;
};

/* Opens what is there in group, whose main data set `main_name` has `rows` rows. *tags may be closed whatever
 * the result, and stays in its place: it points into itself. Errors: BL_INPUT a type or shape that doesn't
 * fit; BL_MEMORY. */
int tags_open(struct tags *tags, hid_t group, const char *main_name, int64_t rows, const char *where,
              struct bl_error *err);

/* Safe twice and on a struct that tags_open has seen. */
void tags_close(struct tags *tags);

/* 1 if everything that is there has checksums. */
int tags_have_sums(const struct tags *tags);

/* From here on the labels are the groups, if there are any and they are preferred or nothing else is there:
 * tags->labels has their layout, and no class has a name. */
void tags_choose(struct tags *tags, int prefer_groups);

/* Rows [row_lo, row_lo + n): labels [n, words] packed, ids [n, id_bytes]; each may be NULL. Allocates
 * nothing. Errors: BL_INPUT unreadable or not what its checksum
 * says, or with the row a label that can't be one. */
int tags_read(struct tags *tags, int64_t row_lo, int64_t n, uint32_t *labels, char *ids, const char *where,
              struct bl_error *err);

#endif

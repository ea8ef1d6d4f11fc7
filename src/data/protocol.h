/* Evaluation protocols: which rows are trained on, which are queries, which are the database.
 *
 * A protocol is a rule over the rows of two splits, train and test, numbered together: row i of train is row
 * i, row j of test is row n_train + j. Random choices are a function of the seed and these numbers alone.
 * docs/protocols.md says who uses which protocol, with sources. */
#ifndef BL_DATA_PROTOCOL_H
#define BL_DATA_PROTOCOL_H

#include <stdint.h>

#include "base/error.h"

/* The parts of a row, as a sum: it may be a training row and in the database. 0: the row is left out. */
enum { BL_ROW_TRAIN = 1, BL_ROW_QUERY = 2, BL_ROW_DATABASE = 4 };

/* The rows that a protocol is applied to, and its numbers. */
struct bl_protocol_rows {
    int64_t n_train, n_test;
    const int32_t *classes; /* [n_train + n_test], or BL_UNLABELLED; NULL unless rows have one class each */
    uint64_t seed;
    int64_t queries_per_class, train_per_class; /* 0: not drawn by class */
    int64_t unseen_classes;                     /* 0: a quarter of the classes, at least 2 */
};

struct bl_protocol {
    const char *name;
    const char *summary;                        /* one line */
    int64_t queries_per_class, train_per_class; /* defaults; 0: not drawn by class */
    int database_has_train;                     /* training rows are in the database */
    int needs_classes, holds_classes_back;
    int draws; /* the result depends on the seed */
    int whole; /* trains on the whole train split: models trained on that can be evaluated without a cut */
    int (*cut)(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows, uint8_t *parts,
               struct bl_error *err);
};

/* All protocols; ends with a NULL name. */
extern const struct bl_protocol bl_protocol_table[];

/* The protocol of that name. Errors: NULL and BL_USAGE, with the known names and the nearest one. */
const struct bl_protocol *bl_protocol_find(const char *name, struct bl_error *err);

/* Sets parts [n_train + n_test]. Errors: BL_USAGE if rows lack the classes that the rule needs, a class has
 * too few rows (it is named), there are too few classes, or a split is empty; BL_MEMORY. Cost: a sort of the
 * rows, with temporary memory for them. */
int bl_protocol_cut(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows, uint8_t *parts,
                    struct bl_error *err);

/* The number of rows with all bits of `part` set. */
int64_t bl_protocol_count(const uint8_t *parts, int64_t n, int part);

#endif

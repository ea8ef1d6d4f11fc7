/* The protocols by which retrieval is measured: which rows are trained on, which ask, which are searched.
 *
 * A protocol is a rule over the rows of two splits, train and test, counted together: row i of the train
 * split is row i, row j of the test split is row n_train + j. What is random is a function of the seed and of
 * these numbers alone. docs/protocols.md says who uses which protocol, with sources. */
#ifndef BL_DATA_PROTOCOL_H
#define BL_DATA_PROTOCOL_H

#include <stdint.h>

#include "base/error.h"

/* What a row is, as a sum: a row may be trained on and searched as well; one that is 0 is left out. */
enum { BL_ROW_TRAIN = 1, BL_ROW_QUERY = 2, BL_ROW_DATABASE = 4 };

/* The rows that a protocol is applied to, and its numbers. */
struct bl_protocol_rows {
    int64_t n_train, n_test;
    const int32_t
        *classes; /* [n_train + n_test], BL_UNLABELLED: none; NULL unless rows have one class each */
    uint64_t seed;
    int64_t queries_per_class, train_per_class; /* 0 where the protocol doesn't draw so */
    int64_t unseen_classes;                     /* 0: a quarter of the classes, at least 2 */
};

struct bl_protocol {
    const char *name;
    const char *summary;                        /* one line */
    int64_t queries_per_class, train_per_class; /* the usual numbers; 0: not drawn by class */
    int database_has_train;                     /* rows that are trained on are searched as well */
    int needs_classes, holds_classes_back;
    int draws; /* the seed matters */
    int whole; /* trains on the whole train split: a model trained on that can be evaluated without a cut */
    int (*cut)(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows, uint8_t *parts,
               struct bl_error *err);
};

/* All protocols; ends with a name of NULL. */
extern const struct bl_protocol bl_protocol_table[];

/* The protocol by that name; NULL and BL_USAGE with the nearest known name, or all. */
const struct bl_protocol *bl_protocol_find(const char *name, struct bl_error *err);

/* Sets parts [n_train + n_test]. Allocates for its time. Errors: BL_USAGE rows without classes where the rule
 * needs them, a class with too few rows (named), too few classes, a split without rows; BL_MEMORY. Cost: a
 * sort of the rows. */
int bl_protocol_cut(const struct bl_protocol *protocol, const struct bl_protocol_rows *rows, uint8_t *parts,
                    struct bl_error *err);

/* Rows of which all bits of `part` are set. */
int64_t bl_protocol_count(const uint8_t *parts, int64_t n, int part);

#endif

/* What a data-set file holds, as far as a configuration depends on it (init --data). Everything here is local. */
#ifndef PAR_COMMAND_INIT_INIT_LOOK_H
#define PAR_COMMAND_INIT_INIT_LOOK_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "data/labels.h"
#include "data/types.h"

/* The classes, label columns or groups of a split, counted by their rows. */
struct init_kinds {
    enum bl_label_kind kind;
    int64_t n;                 /* that occur */
    int64_t smallest, largest; /* rows of one */
    int64_t without;           /* rows that have none */
};

struct init_found {
    char split[BL_NAME_MAX]; /* to train on: `train`, or else the largest */
    int only_split;
    int64_t rows, dim;
    enum bl_type type;
    int64_t bad_rows;    /* with a NaN or Inf */
    int64_t seen_rows;   /* that were read: of a large file a part */
    int64_t varying;     /* columns that aren't constant */
    int64_t ruling;      /* the column of the largest variance, */
    double ruling_share; /* and its share of the sum */
    int can_stream;      /* features are stored in one piece */
    struct init_kinds labels, groups;
};

/* Looks into the data set at path. Errors: those of par_dataset_open; BL_INPUT no splits, or a row of labels that can't
 * be one. */
int init_look(const char *path, struct init_found *found, struct bl_error *err);

#endif

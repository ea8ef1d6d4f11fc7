/* Methods that need no training run, fitted across ranks into the same kind of model. */
#ifndef PAR_BASELINE_TABLE_H
#define PAR_BASELINE_TABLE_H

#include <stdint.h>

#include "model/model.h"
#include "mpi/fit/normalizer.h"
#include "mpi/ranks/comm.h"

enum { BASELINE_OPTIONS_MAX = 4 };

/* What the command line says; a method takes what concerns it. */
struct baseline_options {
    uint64_t seed;
    int64_t rows;                      /* so many training rows; 0: all */
    int64_t own[BASELINE_OPTIONS_MAX]; /* the method's own options, in their order */
};

/* An option of one method, or of several under the same name: a whole number. */
struct baseline_option {
    const char *name; /* "--iterations" */
    const char *summary;
    int64_t usual, min, max;
};

struct baseline {
    const char *name;
    const char *summary; /* one line for the help */
    int input, output;   /* of the shape: enum bl_input, enum bl_output */
    int64_t anchors;     /* how many the first of two layers has unless told; 0: there is one layer */
    int takes_rows;      /* it may be fitted to a part of the rows: --rows */
    int64_t rows;        /* how many unless told; 0: all */
    int needs_labels;
    struct baseline_option option[BASELINE_OPTIONS_MAX]; /* as far as there is a name */
    /* Fills model->params: the model has the shape that the above says and its normaliser is fitted, so the
     * method sees rows through bl_normalizer_apply. The result is the same on all ranks. Collective (all but
     * rows equal). Errors, agreed. */
    int (*fit)(struct par par, const struct rows *rows, const struct baseline_options *options,
               struct bl_model *model, struct bl_error *err);
};

enum {
#define BASELINE(name) BASELINE_##name,
#include "mpi/baseline/baselines.def"
    BASELINES
};

/* All methods; ends with NULL. Each is one file here and one line of baselines.def. */
extern const struct baseline *const baseline_table[];

/* The method by that name; NULL and BL_USAGE with the nearest known name. Local. */
const struct baseline *baseline_find(const char *name, struct bl_error *err);

#endif

/* Methods that fit a single linear layer without the trainer, into the same kind of model. */
#ifndef PAR_BASELINE_H
#define PAR_BASELINE_H

#include <stdint.h>

#include "model/model.h"
#include "mpi/comm.h"
#include "mpi/statistics.h"

/* What the command line says; a method takes what concerns it. */
struct baseline_options {
    uint64_t seed;
    int64_t iterations;
};

struct baseline {
    const char *name;
    const char *summary; /* one line for the help */
    /* Fills model->params: the model has one layer [K, dim] and its normaliser is fitted, so the method sees
     * rows through bl_normalizer_apply. The result is the same on all ranks. Collective (all but rows equal).
     * Errors, agreed. */
    int (*fit)(struct par par, const struct par_rows *rows, const struct baseline_options *options,
               struct bl_model *model, struct bl_error *err);
};

/* All methods; ends with NULL. Each is one file and a line in baseline.c. */
extern const struct baseline *const baseline_table[];

/* The method by that name; NULL and BL_USAGE with the nearest known name. Local. */
const struct baseline *baseline_find(const char *name, struct bl_error *err);

#endif

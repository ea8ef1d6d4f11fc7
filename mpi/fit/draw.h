/* A sample of the rows that are spread over the ranks: the same one on any number of ranks. */
#ifndef PAR_FIT_DRAW_H
#define PAR_FIT_DRAW_H

#include <stdint.h>

#include "data/choose.h"
#include "mpi/fit/points.h"

/* What to choose. */
struct par_draw_of {
    int64_t n;    /* so many rows; 0, or more than there are: all */
    int labelled; /* only rows that have a label, and their labels are kept */
    uint64_t seed;
    enum bl_choose_use use;
};

/* The chosen rows in the file's order; this rank has [first, first + n_local) of n_global. */
struct par_draw {
    int64_t n_global, first, n_local;
    uint8_t *keep;    /* [rows->n_local] 1 for chosen rows: as struct rows takes it; owned */
    uint32_t *labels; /* [n_local, labels.words] with `labelled`, else NULL; owned */
};

/* A fair draw (data/choose.h) from the rows, of which rows->keep must leave none out. Collective (`of` equal;
 * ranks hold runs of the file's rows, ascending); agreed. Errors: BL_MEMORY; those of read; BL_INPUT there is
 * nothing to choose from. par_draw_free is safe twice. */
int par_draw_make(struct par_draw *choice, struct par par, const struct rows *rows, struct par_draw_of of,
                  struct bl_error *err);
void par_draw_free(struct par_draw *choice);

/* Allocates *own [n_local, width[layers]], the outputs of the model's first `layers` layers (0: normalised
 * features) for this rank's chosen rows; the caller frees it. One pass over the rows. Collective; agreed.
 * Errors: BL_MEMORY; those of read; BL_NUMBERS a row that isn't finite. */
int par_draw_collect(const struct par_draw *choice, struct par par, const struct rows *rows,
                     const struct bl_model *model, int64_t layers, float **own, struct bl_error *err);

/* all [n_global, row_bytes] on all ranks from each one's own [n_local, row_bytes]. Collective. */
void par_draw_gather(const struct par_draw *choice, struct par par, int64_t row_bytes, const void *own,
                     void *all);

#endif

/* What is done to features before the network sees them: x' = (x - mean) * scale per column, then possibly
 * each row to unit length. Statistics come from the training rows alone. */
#ifndef BL_DATA_NORMALIZE_H
#define BL_DATA_NORMALIZE_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "data/types.h"

struct bl_normalizer {
    int kind; /* enum bl_normalize */
    int64_t dim;
    double *mean;  /* [dim]; owned */
    double *scale; /* [dim]; owned; 0 for a constant column under standardize */
};

/* Allocates for dim columns: mean 0, scale 1. Free with bl_normalizer_free, which is safe twice. */
int bl_normalizer_init(struct bl_normalizer *normalizer, int kind, int64_t dim, struct bl_error *err);
void bl_normalizer_free(struct bl_normalizer *normalizer);

/* Adds to sums [dim] the column sums of (x - center)^power over n rows [n, dim], power 1 or 2; center NULL
 * is 0. Rows with keep[row] = 0 are left out; keep NULL keeps all. In double, rows ascending. Sums of power 1
 * around any one row of the data keep a constant column exactly constant and a large offset harmless. */
void bl_normalizer_add(int64_t dim, enum bl_type type, const void *rows, int64_t n, const uint8_t *keep,
                       const double *center, int power, double *sums);

/* The first of n rows [n, dim] that holds a NaN or an infinity; -1 if none does. */
int64_t bl_normalizer_bad_row(int64_t dim, enum bl_type type, const void *rows, int64_t n);

/* Sets mean and scale from means [dim] and variances [dim] as `kind` asks: center (x - mean), standardize
 * (x - mean)/(sd + 0.001 sd_all), sd_all = sqrt(mean of the variances), scale (x - mean)/sd_all. Returns the
 * number of constant columns. */
int64_t bl_normalizer_set(struct bl_normalizer *normalizer, const double *means, const double *variances);

/* Converts n rows [n, dim] of `type` to out [n, dim], normalised. Computed in double, rounded once.
 * A zero row stays zero under unit length. Differences are taken before scaling, so an offset costs no digits
 * beyond those that the stored values have. */
void bl_normalizer_apply(const struct bl_normalizer *normalizer, enum bl_type type, const void *rows,
                         int64_t n, float *out);

#endif

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

/* Adds the n rows' column sums to sums [dim]; with mean != NULL the sums of squares (x - mean)^2 instead. */
void bl_normalizer_add(int64_t dim, enum bl_type type, const void *rows, int64_t n, const double *mean,
                       double *sums);

/* Sets mean and scale from means [dim] and variances [dim] as `kind` asks: center (x - mean), standardize
 * (x - mean)/(sd + 0.001 sd_all), sd_all = sqrt(mean of the variances). Returns the number of constant
 * columns. */
int64_t bl_normalizer_set(struct bl_normalizer *normalizer, const double *means, const double *variances);

/* Converts n rows [n, dim] of `type` to out [n, dim], normalised. Computed in double, rounded once.
 * A zero row stays zero under unit length. */
void bl_normalizer_apply(const struct bl_normalizer *normalizer, enum bl_type type, const void *rows,
                         int64_t n, float *out);

#endif

/* Normalisation of features before they enter the network: x' = (x - mean) * scale per column, or x' = x /
 * |x| per row. Mean and scale come from the training rows alone. */
#ifndef BL_DATA_NORMALIZE_H
#define BL_DATA_NORMALIZE_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "data/types.h"

/* Values of a row converted to double at a time: two such blocks fit into the first-level cache. */
enum { BL_NORMALIZER_BLOCK = 512 };

struct bl_normalizer {
    int kind; /* enum bl_normalize */
    int64_t dim;
    double *mean;  /* [dim]; owned */
    double *scale; /* [dim]; owned; 0 for a constant column under standardize */
};

/* Allocates for dim columns: mean 0, scale 1. Free with bl_normalizer_free, which is safe twice. */
int bl_normalizer_init(struct bl_normalizer *normalizer, int kind, int64_t dim, struct bl_error *err);
void bl_normalizer_free(struct bl_normalizer *normalizer);

/* sums [dim] += column sums of (x - center)^power over n rows [n, dim], power 1 or 2; center NULL is 0. Rows
 * with keep[row] = 0 are left out; keep NULL keeps all. In double, rows ascending. With power 1 and any row
 * of the data as center, the sum over a constant column is exactly 0 and a large offset costs no digits. */
void bl_normalizer_add(int64_t dim, enum bl_type type, const void *rows, int64_t n, const uint8_t *keep,
                       const double *center, int power, double *sums);

/* The index of the first of n rows [n, dim] with a NaN or an infinity; -1 if there is none. */
int64_t bl_normalizer_bad_row(int64_t dim, enum bl_type type, const void *rows, int64_t n);

/* Sets mean and scale from means [dim] and variances [dim] of the columns, by `kind`:
 *   center       x - mean
 *   scale        (x - mean)/sd_all, sd_all = sqrt(mean of the variances)
 *   standardize  (x - mean)/(sd + 0.001 sd_all), and 0 for a constant column
 * and no change for others. Returns the number of constant columns. */
int64_t bl_normalizer_set(struct bl_normalizer *normalizer, const double *means, const double *variances);

/* out [n, dim] = n rows [n, dim] of `type`, normalised: computed in double and rounded once. The mean is
 * subtracted before scaling, so an offset costs no digits. A row of zeros stays zero under unit length. */
void bl_normalizer_apply(const struct bl_normalizer *normalizer, enum bl_type type, const void *rows,
                         int64_t n, float *out);

#endif

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

/* Widens [lo, hi], [dim] each, to the smallest and largest value of each column of n rows [n, dim]; `keep` as
 * above. Exact, so the same in any order. Begin with infinity and minus infinity. */
void bl_normalizer_widen(int64_t dim, enum bl_type type, const void *rows, int64_t n, const uint8_t *keep,
                         double *lo, double *hi);

/* The index of the first of n rows [n, dim] with a NaN or an infinity; -1 if there is none. */
int64_t bl_normalizer_bad_row(int64_t dim, enum bl_type type, const void *rows, int64_t n);

/* What is known of the columns of all training rows; every array is owned. */
struct bl_spread {
    int64_t dim, n_sample;
    double *mean, *variance; /* [dim]; variance with 1/N */
    double *lo, *hi;         /* [dim] smallest and largest value */
    double *sample;          /* [n_sample, dim] some of the rows, evenly from all */
};

/* No sample yet; means and variances 0, lo and hi as bl_normalizer_widen begins. bl_spread_free is safe
 * twice. */
int bl_spread_init(struct bl_spread *spread, int64_t dim, struct bl_error *err);
void bl_spread_free(struct bl_spread *spread);

/* How many deviations a training row may be away from its column's mean under standardize. */
enum { BL_NORMALIZER_REACH = 16 };

/* Sets mean and scale by `kind` from columns of values that are stored as `type`:
 *   center       x - mean
 *   scale        (x - mean)/sd_all, sd_all = sqrt(mean of the variances)
 *   standardize  (x - mean)/max(sd, far/BL_NORMALIZER_REACH), far = the largest |x - mean| of the column,
 *                and 0 for a constant column
 * and no change for others. A column counts as constant if its values differ by at most two units in the
 * last place of the largest: that is rounding. Under standardize no column has a part in the scale of
 * another. Returns the number of constant columns. */
int64_t bl_normalizer_set(struct bl_normalizer *normalizer, enum bl_type type,
                          const struct bl_spread *spread);

/* out [n, dim] = n rows [n, dim] of `type`, normalised: computed in double and rounded once. The mean is
 * subtracted before scaling, so an offset costs no digits. A row of zeros stays zero under unit length. */
void bl_normalizer_apply(const struct bl_normalizer *normalizer, enum bl_type type, const void *rows,
                         int64_t n, float *out);

#endif

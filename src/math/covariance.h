/* Means and covariance of rows that come in blocks, in whatever order and from however many ranks: the
 * arithmetic of one rank; mpi/fit/covariance.h adds what travels. Two passes, as
 * cov = (1/N) sum (x - mean)(x - mean)': a common offset of the rows costs no digits. */
#ifndef BL_MATH_COVARIANCE_H
#define BL_MATH_COVARIANCE_H

#include <stdint.h>

#include "base/error.h"
#include "math/cross.h"

/* The first pass, over n rows [n, dim]: sums [dim] += column sums, in double, rows ascending; largest [dim] =
 * the largest absolute values so far. A NaN or an infinity shows in the sums. */
void bl_columns_add(int64_t n, int64_t dim, const float *rows, double *sums, double *largest);

/* out [n, dim] = (rows - mean) * scale per column, computed in double and rounded once; scale NULL is 1. */
void bl_rows_center(int64_t n, int64_t dim, const float *rows, const double *mean, const double *scale,
                    float *out);

/* The second pass. Centred columns are scaled by powers of two into [-1, 1] before they are multiplied, so
 * no product overflows and a column of small numbers beside one of large numbers keeps its digits. */
struct bl_covariance {
    int64_t dim, n_total;
    const double *mean; /* [dim]; borrowed */
    double *scale;      /* [dim]; owned */
    int64_t *sums;      /* [dim, dim], upper triangle: the reduction over ranks is their sum; owned */
    float *centred;     /* [BL_CROSS_BLOCK, dim]; owned */
    struct bl_fixed fixed;
    struct bl_cross cross;
};

/* Starts from mean [dim] and largest [dim], both over all n_total rows. Allocates 8 dim^2 bytes and a little.
 * Errors: BL_MEMORY. bl_covariance_free is safe twice. */
int bl_covariance_init(struct bl_covariance *covariance, const struct bl_product *product, int64_t dim,
                       int64_t n_total, const double *mean, const double *largest, struct bl_error *err);
void bl_covariance_free(struct bl_covariance *covariance);

/* Adds n <= BL_CROSS_BLOCK rows [n, dim]. A block's products are float chains, so which rows share a block
 * decides bits; the order of blocks doesn't. */
void bl_covariance_add(struct bl_covariance *covariance, int64_t n, const float *rows);

/* matrix [dim, dim], symmetric: the covariance of all rows, with 1/N. */
void bl_covariance_matrix(const struct bl_covariance *covariance, double *matrix);

#endif

/* Mean and covariance of rows that come in blocks, in any order and on any number of ranks. This is one
 * rank's arithmetic; mpi/fit/covariance.h adds the reductions. Two passes,
 *   mean = (1/N) sum x,   cov = (1/N) sum (x - mean)(x - mean)',
 * so that an offset common to all rows costs no digits. */
#ifndef BL_MATH_COVARIANCE_H
#define BL_MATH_COVARIANCE_H

#include <stdint.h>

#include "base/error.h"
#include "math/cross.h"

/* First pass, over n rows [n, dim]: sums [dim] += column sums, in double, rows ascending; largest [dim] is
 * raised to the largest absolute value of each column. A NaN or an infinity carries over to the sum of its
 * column. */
void bl_columns_add(int64_t n, int64_t dim, const float *rows, double *sums, double *largest);

/* out [n, dim] = (rows - mean) * scale by columns, in double and rounded once. scale NULL is 1. */
void bl_rows_center(int64_t n, int64_t dim, const float *rows, const double *mean, const double *scale,
                    float *out);

/* Second pass. Centred columns are scaled by powers of two into [-1, 1] before they are multiplied, so that
 * no product overflows and a column of small numbers keeps its digits beside a column of large ones. */
struct bl_covariance {
    int64_t dim, n_total;
    const double *mean; /* [dim]; borrowed */
    double *scale;      /* [dim]; owned */
    int64_t *sums;      /* [dim, dim], upper triangle, in fixed point; ranks add theirs up; owned */
    float *centred;     /* [BL_CROSS_BLOCK, dim]; owned */
    struct bl_fixed fixed;
    struct bl_cross cross;
};

/* Prepares the second pass from mean [dim] and largest [dim], both over all n_total rows. Allocates about
 * 8 dim^2 bytes. Errors: BL_MEMORY. bl_covariance_free is safe twice. */
int bl_covariance_init(struct bl_covariance *covariance, const struct bl_product *product, int64_t dim,
                       int64_t n_total, const double *mean, const double *largest, struct bl_error *err);
void bl_covariance_free(struct bl_covariance *covariance);

/* Adds a block of n <= BL_CROSS_BLOCK rows [n, dim]. Products within a block are summed in float, so the bits
 * depend on which rows share a block, but not on the order of the blocks. */
void bl_covariance_add(struct bl_covariance *covariance, int64_t n, const float *rows);

/* matrix [dim, dim], symmetric: the covariance of all rows, with 1/N. */
void bl_covariance_matrix(const struct bl_covariance *covariance, double *matrix);

#endif

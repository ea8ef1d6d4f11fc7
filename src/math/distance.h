/* Squared Euclidean distances of rows to anchors. */
#ifndef BL_MATH_DISTANCE_H
#define BL_MATH_DISTANCE_H

#include <stdint.h>

#include "math/product.h"

/* out [n, m], out_ij = |x_i - p_j|^2 of rows x [n, dim] and anchors p [m, dim], as |x|^2 + |p|^2 - 2 x'p,
 * never below 0: one product instead of n m dim differences. The lengths are summed in double; with products
 * of BL_PRODUCT_CHAIN a distance has the same bits whatever surrounds it. Its error is about 1e-7 of
 * |x|^2 + |p|^2, so rows should be centred. thread: the caller's work space in product. Allocates nothing. */
void bl_distance_run(const struct bl_product *product, int thread, int64_t n, int64_t m, int64_t dim,
                     const float *x, const float *p, float *out);

/* Of m points' squared distances to each other [m, m]: their mean over pairs of different points; and the
 * square of the mean distance to the nearest other point. 0 for m = 1. In double, in the order of rows. */
double bl_distance_mean(int64_t m, const float *squared);
double bl_distance_nearest(int64_t m, const float *squared);

#endif

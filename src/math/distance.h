/* Squared Euclidean distances of rows to anchors. */
#ifndef BL_MATH_DISTANCE_H
#define BL_MATH_DISTANCE_H

#include <stdint.h>

#include "math/product.h"

/* Rows and anchors whose lengths are known at a time. */
enum { BL_DISTANCE_ROWS = 256, BL_DISTANCE_ANCHORS = 64 };

/* out [n, m] with out_ij = |x_i - p_j|^2 of rows x [n, dim] and anchors p [m, dim], computed as |x|^2 + |p|^2
 * - 2 x'p, at least 0: one matrix product in place of n m dim differences. The squared lengths are summed in
 * double. With BL_PRODUCT_CHAIN the bits of a distance don't depend on the other rows. The error is about
 * 1e-7 (|x|^2 + |p|^2), so rows should be centred. thread: whose work space in product is used. Allocates
 * nothing. */
void bl_distance_run(const struct bl_product *product, int thread, int64_t n, int64_t m, int64_t dim,
                     const float *x, const float *p, float *out);

/* From the squared distances [m, m] of m points to each other: their mean over pairs of different points; and
 * (mean distance to the nearest other point)^2. 0 for m = 1. Summed in double, in the order of rows. */
double bl_distance_mean(int64_t m, const float *squared);
double bl_distance_nearest(int64_t m, const float *squared);

#endif

/* Fixed point: sums of numbers with a known bound as 64-bit integers, independent of the order of addition.
 *
 * Integers add without rounding, so the parts of a sum give the same bits in any order, on any number of
 * ranks and under any algorithm of MPI_Allreduce. The price is rounding each part to a multiple of 1/scale,
 * at most bound x 2^-60. */
#ifndef BL_MATH_FIXED_H
#define BL_MATH_FIXED_H

#include <stdint.h>

struct bl_fixed {
    double scale; /* a power of two: integer = number x scale */
};

/* The scale for sums whose parts have absolute values that add up to at most bound (>= 0, finite): as fine as
 * it can be without overflow. */
struct bl_fixed bl_fixed_of_bound(double bound);

/* The integer nearest to number x scale. A NaN or an infinity becomes 0, so callers must check for them. */
int64_t bl_fixed_from(struct bl_fixed fixed, double number);

/* sums [n] += bl_fixed_from(x [n]), element by element. */
void bl_fixed_add(struct bl_fixed fixed, int64_t n, const float *x, int64_t *sums);

/* The number that an integer stands for: integer / scale. */
double bl_fixed_to(struct bl_fixed fixed, int64_t integer);

#endif

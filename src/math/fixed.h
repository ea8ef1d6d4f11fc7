/* Sums that don't depend on their order: numbers of a known bound as 64-bit integers.
 *
 * Integers add without rounding, so parts of a sum may be added in any order, on any number of ranks, by
 * MPI_Allreduce too, and give the same bits. What is lost is the rounding of each part to a fixed step,
 * bound x 2^-61 or less. */
#ifndef BL_MATH_FIXED_H
#define BL_MATH_FIXED_H

#include <stdint.h>

struct bl_fixed {
    double scale; /* a power of two: integer = number x scale */
};

/* The finest scale at which no sum overflows whose parts add up, in absolute values, to at most bound
 * (>= 0, finite). */
struct bl_fixed bl_fixed_of_bound(double bound);

/* The nearest integer; what isn't finite counts as 0, so callers look for such numbers elsewhere. */
int64_t bl_fixed_from(struct bl_fixed fixed, double number);

/* sums [n] += bl_fixed_from of each of x [n]. */
void bl_fixed_add(struct bl_fixed fixed, int64_t n, const float *x, int64_t *sums);

double bl_fixed_to(struct bl_fixed fixed, int64_t integer);

#endif

/* Sums over groups of rows as 32-bit integers, independent of the order of addition.
 *
 *   sum = (1/scale) * sum over groups g of round(value_g * scale),   scale a power of two, ties to even
 *
 * Integers add without rounding, so the bits are the same whichever rank holds which groups and whatever
 * algorithm MPI_Allreduce uses. The price is rounding each value to a multiple of 1/scale, the grid.
 *
 * math/fixed.h does this in 64 bits for numbers with a known bound. Gradients have no known bound, so their
 * scale is chosen from the largest value of the step before. If values grew too much since, this step's own
 * largest value shows it and the step is computed again: no overflow goes unnoticed. */
#ifndef BL_MATH_GRID_H
#define BL_MATH_GRID_H

#include <stdint.h>

enum {
    BL_GRID_EXPONENTS = 256, /* number of biased exponents of floats (bits of |x| >> 23); 255: NaN or Inf */
    BL_GRID_HEADROOM = 3     /* values may grow by a factor of 2^3 from one step to the next */
};

/* Where the sums over groups of one matrix go, as floats or as integers. All pointers are borrowed. */
struct bl_grid_sums {
    float *floats;     /* the sums of all rows; NULL with integers */
    int32_t *integers; /* the sums over groups of round(value * scale); NULL with floats */
    float scale;       /* with integers: a power of two, or 0 if only *largest is wanted */
    uint32_t *largest; /* with integers: raised (never lowered) to the bits of the largest |value| of a group;
                        * as unsigned integers, infinities and NaNs are above all finite floats */
};

/* The finest scale at which a sum over `groups` groups can't overflow if the largest value has biased
 * exponent `exponent` and then grows by 2^BL_GRID_HEADROOM. Between 2^-126 and 2^120, so that scale and
 * 1/scale are normal floats. */
float bl_grid_scale(int exponent, int64_t groups);

/* 1 if no sum over at most `groups` groups, of values with at most this biased exponent rounded at this
 * scale, can leave the range of int32; else 0. Always 0 for scale 0 (nothing known yet) and exponent 255 (not
 * finite). */
int bl_grid_fits(float scale, int exponent, int64_t groups);

/* sums [n] += more [n], modulo 2^32. */
void bl_grid_add(int64_t n, const int32_t *more, int32_t *sums);

/* out [n] = integers [n] / scale, each rounded once. Both may be the same memory. */
void bl_grid_to_floats(int64_t n, float scale, const int32_t *integers, float *out);

#endif

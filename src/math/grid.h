/* Sums over groups of rows that don't know their order, in 32 bits a number.
 *
 * The values of groups are multiplied by a power of two, the scale, rounded to the nearest integer, ties to
 * even, and added as integers. Integers add without rounding, so whoever holds which groups, and whatever
 * adds the holders' sums, MPI_Allreduce in any algorithm too, the bits are the same. What is lost is each
 * value's rounding to a fixed step, 1 / scale.
 *
 * math/fixed.h does this in 64 bits for numbers of a known bound. Gradients have none, so their scale follows
 * from what the largest value was a step ago, and a step in which values grew too far is found by its own
 * largest value and done again: nothing overflows unseen. */
#ifndef BL_MATH_GRID_H
#define BL_MATH_GRID_H

#include <stdint.h>

enum {
    BL_GRID_EXPONENTS = 256, /* biased exponents of floats, bits >> 23 of |x|; 255: not finite */
    BL_GRID_HEADROOM = 3     /* bits by which values may grow from one step to the next */
};

/* Where the sums over groups of one matrix go: as floats, or as integers. Borrowed. */
struct bl_grid_sums {
    float *floats;     /* the sums of all rows; NULL with integers */
    int32_t *integers; /* the sums over groups of round(value * scale); NULL with floats */
    float scale;       /* a power of two, or 0 where only *largest is wanted; with integers, like the next */
    uint32_t *largest; /* raised to the bits of the largest |value| of a group, of which infinities and NaNs
                        * are above all finite ones; never lowered */
};

/* The finest scale at which sums over `groups` groups can't overflow when the largest value has the biased
 * exponent `exponent`, even if values grow by 2^BL_GRID_HEADROOM. Scale and 1 / scale are normal floats: at
 * most 2^120, at least 2^-126. */
float bl_grid_scale(int exponent, int64_t groups);

/* Whether no sum over `groups` groups (or fewer of them) of values of at most this exponent, rounded at this
 * scale, can leave the range of int32. Never at scale 0 (nothing is known yet) or of exponent 255. */
int bl_grid_fits(float scale, int exponent, int64_t groups);

/* sums [n] += more [n], modulo 2^32. */
void bl_grid_add(int64_t n, const int32_t *more, int32_t *sums);

/* out [n] = integers [n] / scale, each rounded once. Both may be the same (allocated) memory. */
void bl_grid_to_floats(int64_t n, float scale, const int32_t *integers, float *out);

#endif

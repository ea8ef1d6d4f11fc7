#include "math/grid.h"

#include <math.h>
#include <string.h>

#include "base/isa.h"

enum { BIAS = 127, MANTISSA = 23, SCALE_MIN = -126, SCALE_MAX = 120 };

/* The b for which the sum over groups fits into int32 when every |value * scale| is below 2^b.
 *
 * Let c be the least with 2^c >= groups, and b = 31 - c. value * scale is exact, or so small that it rounds
 * to 0. A float below 2^b is at most 2^b - 2^(b-24).
 *   b >= 24: that bound is an integer, so a rounded value is at most 2^b - 1, and the sum is at most
 *            groups (2^b - 1) < 2^31.
 *   b < 24:  a value may round up to 2^b, and groups 2^b can reach 2^31. With one bit less the sum is at most
 *            groups 2^(b-1) <= 2^30. */
static int bits_of_group(int64_t groups)
{
    int b = 31;
    while (b > 0 && (int64_t)1 << (31 - b) < groups)
        b--;
    return b < 24 ? b - 1 : b;
}

/* A float with biased exponent E is below 2^(E-126) in magnitude; so are subnormal ones, which have E = 0. */
static int power_above(int exponent)
{
    return exponent - (BIAS - 1);
}

float bl_grid_scale(int exponent, int64_t groups)
{
    const int power = bits_of_group(groups) - power_above(exponent + BL_GRID_HEADROOM);
    return ldexpf(1.0f, power > SCALE_MAX ? SCALE_MAX : power < SCALE_MIN ? SCALE_MIN : power);
}

int bl_grid_fits(float scale, int exponent, int64_t groups)
{
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    const int power = (int)(bits >> MANTISSA) - BIAS;
    return scale > 0.0f && exponent < BL_GRID_EXPONENTS - 1 &&
           power + power_above(exponent) <= bits_of_group(groups);
}

BL_KERNEL void bl_grid_add(int64_t n, const int32_t *restrict more, int32_t *restrict sums)
{
    for (int64_t i = 0; i < n; i++)
        sums[i] = (int32_t)((uint32_t)sums[i] + (uint32_t)more[i]); /* signed overflow would be undefined */
}

/* Rounded once: only integers above 2^24 are rounded by the conversion to float, and for those the product
 * with 1/scale, a power of two, is a normal float and exact. */
BL_KERNEL void bl_grid_to_floats(int64_t n, float scale, const int32_t *integers, float *out)
{
    const float step = 1.0f / scale;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)integers[i] * step;
}

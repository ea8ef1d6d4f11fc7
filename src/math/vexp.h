/* exp, log, log1p and tanh of one float, written so that loops over them become vector code: no branch, no
 * call, one fixed order of operations, hence the same bits at every vector width. NaN gives NaN. The
 * polynomials are minimax fits (Remez) of our own; the tests compare each bound below with double precision.
 */
#ifndef BL_MATH_VEXP_H
#define BL_MATH_VEXP_H

#include <stdint.h>
#include <string.h>

#include "base/isa.h"

BL_INLINE float bl_float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

BL_INLINE uint32_t bl_bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* e^x for x <= 0 (also good up to 88): relative error at most 2e-7 for x >= -87; below it stays at e^-87,
 * which is 1.6e-38. */
BL_INLINE float bl_exp_negative(float x)
{
    /* x = n ln 2 + r; ln 2 in two parts, the first with zeros at its end so that n times it is exact.
     * Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits. */
    const float magic = 12582912.0f;
    const float kept = x < -87.0f ? -87.0f : x;
    const float shifted = kept * 1.44269504f + magic;
    const float n = shifted - magic;
    const float r = (kept - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.38145406e-3f;
    p = p * r + 8.36874545e-3f;
    p = p * r + 4.16683890e-2f;
    p = p * r + 1.66665211e-1f;
    p = p * r + 4.99999940e-1f;
    const float value = (p * r * r + r) + 1.0f;
    return value * bl_float_of_bits((bl_bits_of_float(shifted) + 127u) << 23);
}

/* log(1 + e) for e in [0, 1]: absolute error at most 2e-7, and relative to the value at most 4e-7. */
BL_INLINE float bl_log1p_unit(float e)
{
    float p = 5.2326764e-3f;
    p = p * e - 2.95051616e-2f;
    p = p * e + 7.82258213e-2f;
    p = p * e - 1.36632338e-1f;
    p = p * e + 1.91060007e-1f;
    p = p * e - 2.48429805e-1f;
    p = p * e + 3.33190978e-1f;
    p = p * e - 4.99994934e-1f;
    p = p * e + 9.99999940e-1f;
    return p * e;
}

/* log(x) of a normal number x > 0: absolute error at most 3e-7 of max(1, |log x|). */
BL_INLINE float bl_log_positive(float x)
{
    /* x = 2^n m with m in [1, 2). Not a number stays so: x - x. */
    const uint32_t bits = bl_bits_of_float(x);
    const float n = (float)((int32_t)(bits >> 23) - 127);
    const float m = bl_float_of_bits((bits & 0x007fffffu) | 0x3f800000u);
    return (n * 0.693147181f + bl_log1p_unit(m - 1.0f)) + (x - x);
}

/* tanh(x), odd in x to the bit: error at most 4 units in the last place. */
BL_INLINE float bl_tanh(float x)
{
    const uint32_t sign = bl_bits_of_float(x) & 0x80000000u;
    const float a = bl_float_of_bits(bl_bits_of_float(x) & 0x7fffffffu);
    /* Near 0 the exponential form loses digits: an odd polynomial there. */
    const float s = a * a;
    float p = -5.70498686e-3f;
    p = p * s + 2.06390880e-2f;
    p = p * s - 5.37397154e-2f;
    p = p * s + 1.33314416e-1f;
    p = p * s - 3.33332807e-1f;
    const float near = p * s * a + a;
    const float t = bl_exp_negative(-2.0f * a);
    const float far = (1.0f - t) / (1.0f + t);
    return bl_float_of_bits(bl_bits_of_float(a < 0.625f ? near : far) | sign);
}

#endif

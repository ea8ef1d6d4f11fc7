/* exp, log, log1p and tanh of one float, written so that loops over them vectorise: no branches and a fixed
 * order of operations, hence the same bits at every vector width. NaN gives NaN. The polynomials are our own
 * minimax fits (Remez), evaluated in Estrin's order where that shortens the dependency chain; tests check
 * each error bound below against double precision.
 *
 * Products are added by fmaf, rounded once: one instruction on x86-64-v3 and up and on ARM, and a slow
 * library call with the same result on older processors. */
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

/* e^x for x <= 0 (valid up to 88): relative error at most 2e-7 for x >= -87; below, e^-87 = 1.6e-38. */
BL_INLINE float bl_exp_negative(float x)
{
    /* x = n ln 2 + r, e^x = 2^n e^r. Adding magic = 1.5 * 2^23 rounds x / ln 2 to the integer n and leaves n
     * in the low bits. ln 2 is subtracted in two parts, the first ending in zeros, so that r keeps its
     * digits. */
    const float magic = 12582912.0f;
    const float kept = x < -87.0f ? -87.0f : x;
    const float shifted = BL_FMA(kept, 1.44269504f, magic);
    const float n = shifted - magic;
    const float r = BL_FMA(n, -1.42860677e-6f, BL_FMA(n, -0.693145752f, kept));
    const float r2 = r * r;
    const float low = BL_FMA(1.66665211e-1f, r, 4.99999940e-1f);
    const float high = BL_FMA(1.38145406e-3f, r2, BL_FMA(8.36874545e-3f, r, 4.16683890e-2f));
    const float value = BL_FMA(BL_FMA(high, r2, low), r2, r + 1.0f);
    return value * bl_float_of_bits((bl_bits_of_float(shifted) + 127u) << 23);
}

/* log(1 + e) for e in [0, 1]: absolute error at most 2e-7, relative error at most 4e-7. */
BL_INLINE float bl_log1p_unit(float e)
{
    const float e2 = e * e, e4 = e2 * e2;
    const float p0 = BL_FMA(-4.99994934e-1f, e, 9.99999940e-1f);
    const float p2 = BL_FMA(-2.48429805e-1f, e, 3.33190978e-1f);
    const float p4 = BL_FMA(-1.36632338e-1f, e, 1.91060007e-1f);
    const float p6 = BL_FMA(-2.95051616e-2f, e, 7.82258213e-2f);
    const float high = BL_FMA(5.2326764e-3f, e4, BL_FMA(p6, e2, p4));
    return BL_FMA(high, e4, BL_FMA(p2, e2, p0)) * e;
}

/* log(x) of a normal number x > 0: absolute error at most 3e-7 of max(1, |log x|). */
BL_INLINE float bl_log_positive(float x)
{
    /* x = 2^n m with m in [1, 2): log x = n ln 2 + log m. x - x is 0, and NaN if x is. */
    const uint32_t bits = bl_bits_of_float(x);
    const float n = (float)((int32_t)(bits >> 23) - 127);
    const float m = bl_float_of_bits((bits & 0x007fffffu) | 0x3f800000u);
    return BL_FMA(n, 0.693147181f, bl_log1p_unit(m - 1.0f)) + (x - x);
}

/* tanh(x): error at most 4 units in the last place, and tanh(-x) = -tanh(x) to the bit. */
BL_INLINE float bl_tanh(float x)
{
    const uint32_t sign = bl_bits_of_float(x) & 0x80000000u;
    const float a = bl_float_of_bits(bl_bits_of_float(x) & 0x7fffffffu);
    /* With a = |x| and t = e^-2a: tanh a = (1 - t)/(1 + t). Near 0 that cancels: an odd polynomial there. */
    const float s = a * a;
    float p = BL_FMA(-5.70498686e-3f, s, 2.06390880e-2f);
    p = BL_FMA(p, s, -5.37397154e-2f);
    p = BL_FMA(p, s, 1.33314416e-1f);
    p = BL_FMA(p, s, -3.33332807e-1f);
    const float near = BL_FMA(p * s, a, a);
    const float t = bl_exp_negative(-2.0f * a);
    const float far = (1.0f - t) / (1.0f + t);
    return bl_float_of_bits(bl_bits_of_float(a < 0.625f ? near : far) | sign);
}

#endif

#include "data/types.h"

#include <math.h>
#include <string.h>

#include "base/isa.h"

size_t bl_type_bytes(enum bl_type type)
{
    static const size_t bytes[] = {[BL_UINT8] = 1, [BL_FLOAT16] = 2, [BL_FLOAT32] = 4, [BL_FLOAT64] = 8};
    return bytes[type];
}

const char *bl_type_name(enum bl_type type)
{
    static const char *const names[] = {
        [BL_UINT8] = "uint8", [BL_FLOAT16] = "float16", [BL_FLOAT32] = "float32", [BL_FLOAT64] = "float64"};
    return names[type];
}

float bl_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t magnitude = half & 0x7fffu;
    uint32_t bits;
    if (magnitude >= 0x7c00u) { /* infinity and NaN */
        bits = sign | 0x7f800000u | (magnitude & 0x3ffu) << 13;
    } else if (magnitude >= 0x0400u) {
        bits = sign | ((magnitude << 13) + ((127u - 15u) << 23));
    } else { /* subnormal: magnitude * 2^-24, exact in float */
        float value = (float)magnitude * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t bl_half_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7c00u);
    if (magnitude < 0x38800000u) {
        /* Below 2^-14 a half is a multiple of 2^-24: x 2^24 + 2^23 is rounded to an integer by float. */
        float scaled;
        memcpy(&scaled, &magnitude, sizeof scaled);
        scaled = scaled * 0x1p24f + 0x1p23f;
        uint32_t rounded;
        memcpy(&rounded, &scaled, sizeof rounded);
        return (uint16_t)(sign | (rounded - 0x4b000000u));
    }
    /* Rebase the exponent and drop 13 bits, to nearest even: add half minus 1, plus 1 if the rest is odd. */
    uint32_t shifted = magnitude - ((127u - 15u) << 23);
    uint32_t odd = shifted >> 13 & 1u;
    return (uint16_t)(sign | (shifted + 0xfffu + odd) >> 13);
}

/* Exact, so the bits are the same with any instruction set. */
BL_KERNEL static void floats_to_doubles(const float *restrict from, int64_t n, double *restrict to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = (double)from[i];
}

BL_KERNEL static void bytes_to_doubles(const uint8_t *restrict from, int64_t n, double *restrict to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i];
}

void bl_type_to_double(enum bl_type type, const void *values, int64_t n, double *out)
{
    const uint16_t *f16 = values;
    switch (type) {
    case BL_UINT8:
        bytes_to_doubles(values, n, out);
        break;
    case BL_FLOAT16:
        for (int64_t i = 0; i < n; i++)
            out[i] = (double)bl_half_to_float(f16[i]);
        break;
    case BL_FLOAT32:
        floats_to_doubles(values, n, out);
        break;
    case BL_FLOAT64:
        memcpy(out, values, (size_t)n * sizeof *out);
        break;
    }
}

void bl_type_to_float(enum bl_type type, const void *values, int64_t n, float *out)
{
    const uint8_t *u8 = values;
    const uint16_t *f16 = values;
    const double *f64 = values;
    switch (type) {
    case BL_UINT8:
        for (int64_t i = 0; i < n; i++)
            out[i] = u8[i];
        break;
    case BL_FLOAT16:
        for (int64_t i = 0; i < n; i++)
            out[i] = bl_half_to_float(f16[i]);
        break;
    case BL_FLOAT32:
        memcpy(out, values, (size_t)n * sizeof *out);
        break;
    case BL_FLOAT64:
        for (int64_t i = 0; i < n; i++)
            out[i] = (float)f64[i];
        break;
    }
}

int bl_type_of_name(const char *name, enum bl_type *type)
{
    static const enum bl_type all[] = {BL_UINT8, BL_FLOAT16, BL_FLOAT32, BL_FLOAT64};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, bl_type_name(all[i])) == 0) {
            *type = all[i];
            return 1;
        }
    return 0;
}

/* Puts a value at `out`; returns 0 if the type can't hold it. A float beyond the range of half becomes infinite. */
static int put(enum bl_type to, double value, void *out)
{
    const float single = (float)value;
    const uint16_t half = bl_half_from_float(single);
    const uint8_t byte = value >= 0.0 && value <= 255.0 ? (uint8_t)value : 0;
    switch (to) {
    case BL_UINT8:
        memcpy(out, &byte, sizeof byte);
        return (double)byte == value;
    case BL_FLOAT16:
        memcpy(out, &half, sizeof half);
        return !isfinite(value) || isfinite(bl_half_to_float(half));
    case BL_FLOAT32:
        memcpy(out, &single, sizeof single);
        return !isfinite(value) || isfinite(single);
    case BL_FLOAT64:
        break;
    }
    memcpy(out, &value, sizeof value);
    return 1;
}

int64_t bl_type_convert(enum bl_type from, const void *values, int64_t n, enum bl_type to, void *out)
{
    enum { SOME = 256 };
    double block[SOME];
    const size_t in_bytes = bl_type_bytes(from), out_bytes = bl_type_bytes(to);
    for (int64_t at = 0, some; at < n; at += some) {
        some = n - at < SOME ? n - at : SOME;
        bl_type_to_double(from, (const char *)values + (size_t)at * in_bytes, some, block);
        for (int64_t i = 0; i < some; i++)
            if (!put(to, block[i], (char *)out + (size_t)(at + i) * out_bytes))
                return at + i;
    }
    return n;
}

#include "data/normalize.h"

#include <math.h>

#include "base/buffer.h"
#include "base/isa.h"
#include "base/minmax.h"
#include "math/vexp.h"

int bl_normalizer_init(struct bl_normalizer *normalizer, int kind, int64_t dim, struct bl_error *err)
{
    *normalizer = (struct bl_normalizer){.kind = kind, .dim = dim};
    int code = bl_alloc_zero(&normalizer->mean, dim, sizeof *normalizer->mean, "column means", err);
    if (code == BL_OK)
        code = bl_alloc(&normalizer->scale, dim, sizeof *normalizer->scale, "column scales", err);
    if (code != BL_OK) {
        bl_normalizer_free(normalizer);
        return code;
    }
    for (int64_t d = 0; d < dim; d++)
        normalizer->scale[d] = 1.0;
    return BL_OK;
}

void bl_normalizer_free(struct bl_normalizer *normalizer)
{
    bl_free(&normalizer->mean);
    bl_free(&normalizer->scale);
}

int bl_spread_init(struct bl_spread *spread, int64_t dim, struct bl_error *err)
{
    *spread = (struct bl_spread){.dim = dim};
    const struct bl_buffer buffers[] = {
        {&spread->mean, dim, sizeof(double), "column statistics", 1},
        {&spread->variance, dim, sizeof(double), "column statistics", 1},
        {&spread->lo, dim, sizeof(double), "column statistics", 0},
        {&spread->hi, dim, sizeof(double), "column statistics", 0},
    };
    int code = bl_alloc_all(buffers, sizeof buffers / sizeof *buffers, err);
    for (int64_t d = 0; d < dim && code == BL_OK; d++) {
        spread->lo[d] = INFINITY;
        spread->hi[d] = -INFINITY;
    }
    return code;
}

void bl_spread_free(struct bl_spread *spread)
{
    bl_free(&spread->mean);
    bl_free(&spread->variance);
    bl_free(&spread->lo);
    bl_free(&spread->hi);
    bl_free(&spread->sample);
}

static const void *value_at(enum bl_type type, const void *values, int64_t i)
{
    return (const char *)values + (size_t)i * bl_type_bytes(type);
}

void bl_normalizer_add(int64_t dim, enum bl_type type, const void *rows, int64_t n, const uint8_t *keep,
                       const double *center, int power, double *sums)
{
    double x[BL_NORMALIZER_BLOCK];
    for (int64_t row = 0; row < n; row++)
        for (int64_t col = 0; col < dim && (!keep || keep[row]); col += BL_NORMALIZER_BLOCK) {
            int64_t m = bl_min(dim - col, BL_NORMALIZER_BLOCK);
            bl_type_to_double(type, value_at(type, rows, row * dim + col), m, x);
            for (int64_t i = 0; i < m && center; i++)
                x[i] -= center[col + i];
            for (int64_t i = 0; i < m && power == 2; i++)
                x[i] *= x[i];
            for (int64_t i = 0; i < m; i++)
                sums[col + i] += x[i];
        }
}

void bl_normalizer_widen(int64_t dim, enum bl_type type, const void *rows, int64_t n, const uint8_t *keep,
                         double *lo, double *hi)
{
    double x[BL_NORMALIZER_BLOCK];
    for (int64_t row = 0; row < n; row++)
        for (int64_t col = 0; col < dim && (!keep || keep[row]); col += BL_NORMALIZER_BLOCK) {
            int64_t m = bl_min(dim - col, BL_NORMALIZER_BLOCK);
            bl_type_to_double(type, value_at(type, rows, row * dim + col), m, x);
            for (int64_t i = 0; i < m; i++) {
                lo[col + i] = x[i] < lo[col + i] ? x[i] : lo[col + i];
                hi[col + i] = x[i] > hi[col + i] ? x[i] : hi[col + i];
            }
        }
}

int64_t bl_normalizer_bad_row(int64_t dim, enum bl_type type, const void *rows, int64_t n)
{
    double x[BL_NORMALIZER_BLOCK];
    if (type == BL_UINT8)
        return -1;
    for (int64_t row = 0; row < n; row++)
        for (int64_t col = 0; col < dim; col += BL_NORMALIZER_BLOCK) {
            int64_t m = bl_min(dim - col, BL_NORMALIZER_BLOCK);
            bl_type_to_double(type, value_at(type, rows, row * dim + col), m, x);
            double zero = 0.0; /* x - x is 0 for finite x and NaN for others */
            for (int64_t i = 0; i < m; i++)
                zero += x[i] - x[i];
            if (isnan(zero))
                return row;
        }
    return -1;
}

/* The distance from 1 to the next number of a type. */
static double spacing(enum bl_type type)
{
    switch (type) {
    case BL_UINT8:
        return 0.0;
    case BL_FLOAT16:
        return 0x1p-10;
    case BL_FLOAT32:
        return 0x1p-23;
    case BL_FLOAT64:
        return 0x1p-52;
    }
    return 0.0;
}

/* Whether a column's values differ by no more than rounding: two units in the last place of the largest, or
 * less than a double can be divided by. */
static int is_rounding(enum bl_type type, double lo, double hi)
{
    int exponent = 0;
    frexp(fmax(fabs(lo), fabs(hi)), &exponent);
    return hi - lo <= fmax(2.0 * ldexp(spacing(type), exponent - 1), 0x1p-1018);
}

/* 1/max(sd, far/reach). A column that is 0 but for some rows has a small deviation beside these rows' values,
 * and divided by it alone they would outweigh all other columns of theirs. */
static double standard_scale(double mean, double sd, double lo, double hi)
{
    return 1.0 / fmax(sd, fmax(hi - mean, mean - lo) / BL_NORMALIZER_REACH);
}

int64_t bl_normalizer_set(struct bl_normalizer *normalizer, enum bl_type type, const struct bl_spread *spread)
{
    const int kind = normalizer->kind;
    const int shifts =
        kind == BL_NORMALIZE_CENTER || kind == BL_NORMALIZE_STANDARDIZE || kind == BL_NORMALIZE_SCALE;
    int64_t constant = 0;
    double all = 0.0;
    for (int64_t d = 0; d < normalizer->dim; d++)
        all += spread->variance[d] / (double)normalizer->dim;
    for (int64_t d = 0; d < normalizer->dim; d++) {
        const double lo = spread->lo[d], hi = spread->hi[d], sd = sqrt(spread->variance[d]);
        const int is_constant = is_rounding(type, lo, hi);
        constant += is_constant;
        normalizer->mean[d] = shifts ? spread->mean[d] : 0.0;
        normalizer->scale[d] = 1.0;
        if (kind == BL_NORMALIZE_STANDARDIZE)
            normalizer->scale[d] = is_constant ? 0.0 : standard_scale(spread->mean[d], sd, lo, hi);
        if (kind == BL_NORMALIZE_SCALE && all > 0.0)
            normalizer->scale[d] = 1.0 / sqrt(all);
    }
    return constant;
}

/* Without a branch, so that the loop below vectorises. Shifting a half's bits into a float's leaves the
 * exponent 112 too low; the product with 2^112 is exact and handles subnormal numbers too. Infinity and NaN
 * get all exponent bits. */
BL_INLINE double half_to_double(uint16_t half)
{
    uint32_t magnitude = half & 0x7fffu;
    float finite = bl_float_of_bits(magnitude << 13) * 0x1p112f;
    uint32_t special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    return (double)bl_float_of_bits(bl_bits_of_float(finite) | special | sign);
}

/* out = (x - mean) * scale, a loop for each type: the compiler converts and computes in registers. */
#define APPLY(name, type, widen)                                                                             \
    BL_KERNEL static void name(int64_t dim, const type *restrict x, const double *restrict mean,             \
                               const double *restrict scale, float *restrict out)                            \
    {                                                                                                        \
        for (int64_t d = 0; d < dim; d++)                                                                    \
            out[d] = (float)((widen(x[d]) - mean[d]) * scale[d]);                                            \
    }

APPLY(apply_uint8, uint8_t, (double))
APPLY(apply_float16, uint16_t, half_to_double)
APPLY(apply_float32, float, (double))
APPLY(apply_float64, double, (double))

static void apply_columns(const struct bl_normalizer *normalizer, enum bl_type type, const void *row,
                          float *out)
{
    const double *mean = normalizer->mean, *scale = normalizer->scale;
    switch (type) {
    case BL_UINT8:
        apply_uint8(normalizer->dim, row, mean, scale, out);
        break;
    case BL_FLOAT16:
        apply_float16(normalizer->dim, row, mean, scale, out);
        break;
    case BL_FLOAT32:
        apply_float32(normalizer->dim, row, mean, scale, out);
        break;
    case BL_FLOAT64:
        apply_float64(normalizer->dim, row, mean, scale, out);
        break;
    }
}

/* out = x / |x|. Squares of large or tiny float64 values would overflow or underflow, so x is first divided
 * by its largest value: out = (x shrink) / |x shrink|. */
static void apply_unit(int64_t dim, enum bl_type type, const void *row, float *out)
{
    double x[BL_NORMALIZER_BLOCK], largest = 0.0, squares = 0.0;
    for (int64_t col = 0; col < dim; col += BL_NORMALIZER_BLOCK) {
        int64_t m = bl_min(dim - col, BL_NORMALIZER_BLOCK);
        bl_type_to_double(type, value_at(type, row, col), m, x);
        for (int64_t i = 0; i < m; i++)
            largest = fabs(x[i]) > largest ? fabs(x[i]) : largest;
    }
    double shrink = largest == 0.0 ? 1.0 : 1.0 / fmax(largest, 1e-300);
    for (int64_t col = 0; col < dim; col += BL_NORMALIZER_BLOCK) {
        int64_t m = bl_min(dim - col, BL_NORMALIZER_BLOCK);
        bl_type_to_double(type, value_at(type, row, col), m, x);
        for (int64_t i = 0; i < m; i++)
            squares += (x[i] * shrink) * (x[i] * shrink);
    }
    double length = squares == 0.0 ? 1.0 : sqrt(squares);
    for (int64_t col = 0; col < dim; col += BL_NORMALIZER_BLOCK) {
        int64_t m = bl_min(dim - col, BL_NORMALIZER_BLOCK);
        bl_type_to_double(type, value_at(type, row, col), m, x);
        for (int64_t i = 0; i < m; i++)
            out[col + i] = (float)(x[i] * shrink / length);
    }
}

void bl_normalizer_apply(const struct bl_normalizer *normalizer, enum bl_type type, const void *rows,
                         int64_t n, float *out)
{
    int64_t dim = normalizer->dim;
    for (int64_t row = 0; row < n; row++) {
        const void *from = value_at(type, rows, row * dim);
        if (normalizer->kind == BL_NORMALIZE_UNIT)
            apply_unit(dim, type, from, out + row * dim);
        else
            apply_columns(normalizer, type, from, out + row * dim);
    }
}

#include "data/normalize.h"

#include <math.h>

#include "base/buffer.h"

/* Values that are widened at a time: two such blocks of doubles stay in the first-level cache. */
enum { BLOCK = 512 };

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

static const void *value_at(enum bl_type type, const void *values, int64_t i)
{
    return (const char *)values + (size_t)i * bl_type_bytes(type);
}

void bl_normalizer_add(int64_t dim, enum bl_type type, const void *rows, int64_t n, const double *mean,
                       double *sums)
{
    double x[BLOCK];
    for (int64_t row = 0; row < n; row++)
        for (int64_t col = 0; col < dim; col += BLOCK) {
            int64_t m = dim - col < BLOCK ? dim - col : BLOCK;
            bl_type_to_double(type, value_at(type, rows, row * dim + col), m, x);
            if (mean)
                for (int64_t i = 0; i < m; i++)
                    sums[col + i] += (x[i] - mean[col + i]) * (x[i] - mean[col + i]);
            else
                for (int64_t i = 0; i < m; i++)
                    sums[col + i] += x[i];
        }
}

int64_t bl_normalizer_set(struct bl_normalizer *normalizer, const double *means, const double *variances)
{
    int64_t constant = 0;
    double all = 0.0;
    for (int64_t d = 0; d < normalizer->dim; d++) {
        constant += variances[d] == 0.0;
        all += variances[d] / (double)normalizer->dim;
    }
    int shifts = normalizer->kind == BL_NORMALIZE_CENTER || normalizer->kind == BL_NORMALIZE_STANDARDIZE;
    double floor = 1e-3 * sqrt(all);
    for (int64_t d = 0; d < normalizer->dim; d++) {
        normalizer->mean[d] = shifts ? means[d] : 0.0;
        normalizer->scale[d] = 1.0;
        if (normalizer->kind == BL_NORMALIZE_STANDARDIZE)
            normalizer->scale[d] = variances[d] > 0.0 ? 1.0 / (sqrt(variances[d]) + floor) : 0.0;
    }
    return constant;
}

static void apply_columns(const struct bl_normalizer *normalizer, enum bl_type type, const void *row,
                          float *out)
{
    const double *mean = normalizer->mean, *scale = normalizer->scale;
    double x[BLOCK];
    for (int64_t col = 0; col < normalizer->dim; col += BLOCK) {
        int64_t m = normalizer->dim - col < BLOCK ? normalizer->dim - col : BLOCK;
        bl_type_to_double(type, value_at(type, row, col), m, x);
        for (int64_t i = 0; i < m; i++)
            out[col + i] = (float)((x[i] - mean[col + i]) * scale[col + i]);
    }
}

/* The squares of float64 values may leave double's range, so lengths are taken after division by the largest.
 */
static void apply_unit(int64_t dim, enum bl_type type, const void *row, float *out)
{
    double x[BLOCK], largest = 0.0, squares = 0.0;
    for (int64_t col = 0; col < dim; col += BLOCK) {
        int64_t m = dim - col < BLOCK ? dim - col : BLOCK;
        bl_type_to_double(type, value_at(type, row, col), m, x);
        for (int64_t i = 0; i < m; i++)
            largest = fabs(x[i]) > largest ? fabs(x[i]) : largest;
    }
    double shrink = largest > 0.0 ? 1.0 / largest : 1.0;
    for (int64_t col = 0; col < dim; col += BLOCK) {
        int64_t m = dim - col < BLOCK ? dim - col : BLOCK;
        bl_type_to_double(type, value_at(type, row, col), m, x);
        for (int64_t i = 0; i < m; i++)
            squares += (x[i] * shrink) * (x[i] * shrink);
    }
    double length = squares == 0.0 ? 1.0 : sqrt(squares);
    for (int64_t col = 0; col < dim; col += BLOCK) {
        int64_t m = dim - col < BLOCK ? dim - col : BLOCK;
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

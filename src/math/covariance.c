#include "math/covariance.h"

#include <math.h>

#include "base/buffer.h"
#include "base/isa.h"

BL_KERNEL void bl_columns_add(int64_t n, int64_t dim, const float *restrict rows, double *restrict sums,
                              double *restrict largest)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t d = 0; d < dim; d++) {
            const double x = (double)rows[i * dim + d];
            sums[d] += x;
            largest[d] = fabs(x) > largest[d] ? fabs(x) : largest[d];
        }
}

BL_KERNEL static void center_row(int64_t dim, const float *restrict row, const double *restrict mean,
                                 const double *restrict scale, float *restrict out)
{
    for (int64_t d = 0; d < dim && !scale; d++)
        out[d] = (float)((double)row[d] - mean[d]);
    for (int64_t d = 0; d < dim && scale; d++)
        out[d] = (float)(((double)row[d] - mean[d]) * scale[d]);
}

void bl_rows_center(int64_t n, int64_t dim, const float *rows, const double *mean, const double *scale,
                    float *out)
{
    for (int64_t i = 0; i < n; i++)
        center_row(dim, rows + i * dim, mean, scale, out + i * dim);
}

int bl_covariance_init(struct bl_covariance *covariance, const struct bl_product *product, int64_t dim,
                       int64_t n_total, const double *mean, const double *largest, struct bl_error *err)
{
    *covariance = (struct bl_covariance){
        .dim = dim, .n_total = n_total, .mean = mean, .fixed = bl_fixed_of_bound((double)n_total)};
    int code = bl_alloc(&covariance->scale, dim, sizeof(double), "scales of columns", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&covariance->sums, dim * dim, sizeof(int64_t), "the covariance", err);
    if (code == BL_OK)
        code = bl_alloc(&covariance->centred, BL_CROSS_BLOCK * dim, sizeof(float), "centred rows", err);
    if (code == BL_OK)
        code = bl_cross_init(&covariance->cross, product, dim, err);
    if (code != BL_OK) {
        bl_covariance_free(covariance);
        return code;
    }
    for (int64_t d = 0; d < dim; d++) {
        int exponent = 0;
        frexp(largest[d] + fabs(mean[d]), &exponent); /* |x - mean| <= largest + |mean| <= 2^exponent */
        covariance->scale[d] = ldexp(1.0, -exponent);
    }
    return BL_OK;
}

void bl_covariance_free(struct bl_covariance *covariance)
{
    bl_free(&covariance->scale);
    bl_free(&covariance->sums);
    bl_free(&covariance->centred);
    bl_cross_free(&covariance->cross);
}

void bl_covariance_add(struct bl_covariance *covariance, int64_t n, const float *rows)
{
    bl_rows_center(n, covariance->dim, rows, covariance->mean, covariance->scale, covariance->centred);
    bl_cross_add_square(&covariance->cross, n, covariance->dim, covariance->centred, covariance->fixed,
                        covariance->sums);
}

void bl_covariance_matrix(const struct bl_covariance *covariance, double *matrix)
{
    const int64_t dim = covariance->dim;
    const double *scale = covariance->scale;
    for (int64_t i = 0; i < dim; i++)
        for (int64_t j = i; j < dim; j++) {
            const double sum = bl_fixed_to(covariance->fixed, covariance->sums[i * dim + j]);
            /* cov_ij = 1/N sum (x_i - mean_i)(x_j - mean_j); the sum was over columns times scale. */
            const double value = sum / scale[i] / scale[j] / (double)covariance->n_total;
            matrix[i * dim + j] = value;
            matrix[j * dim + i] = value;
        }
}

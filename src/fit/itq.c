#include "fit/itq.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/isa.h"
#include "base/rng.h"
#include "math/eigen.h"

int bl_itq_init(struct bl_itq *itq, const struct bl_product *product, int64_t k, int64_t n_total,
                struct bl_error *err)
{
    /* |sum_i v_ij b_il| <= sqrt(N sum_i v_ij^2) <= N sqrt(k), since |b| = 1 and the mean of v^2 is 1 */
    const double bound = (double)n_total * sqrt((double)k);
    *itq = (struct bl_itq){.k = k, .n_total = n_total, .fixed = bl_fixed_of_bound(bound)};
    int code = bl_alloc(&itq->rotation, k * k, sizeof(float), "a rotation", err);
    if (code == BL_OK)
        code = bl_alloc(&itq->rotated, BL_CROSS_BLOCK * k, sizeof(float), "rotated rows", err);
    if (code == BL_OK)
        code = bl_alloc(&itq->sums, k * k, sizeof(int64_t), "sums of projections", err);
    if (code == BL_OK)
        code = bl_cross_init(&itq->cross, product, k, err);
    if (code != BL_OK)
        bl_itq_free(itq);
    return code;
}

void bl_itq_free(struct bl_itq *itq)
{
    bl_free(&itq->rotation);
    bl_free(&itq->rotated);
    bl_free(&itq->sums);
    bl_cross_free(&itq->cross);
}

/* The orthogonal factor of a matrix of normal numbers is uniform over orthogonal matrices, because their
 * distribution is the same in every rotated frame. */
int bl_itq_random(uint64_t seed, int64_t k, double *rotation, struct bl_error *err)
{
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < k; j += 4) {
            double normal[4];
            bl_rng_normal(seed, BL_STREAM_ROTATION, (uint64_t)i, (uint64_t)(j / 4), 0, normal);
            for (int64_t l = 0; l < 4 && j + l < k; l++)
                rotation[i * k + j + l] = normal[l];
        }
    return bl_orthogonal_factor(k, rotation, err);
}

void bl_itq_begin(struct bl_itq *itq, const double *rotation)
{
    for (int64_t i = 0; i < itq->k * itq->k; i++)
        itq->rotation[i] = (float)rotation[i];
    memset(itq->sums, 0, (size_t)(itq->k * itq->k) * sizeof *itq->sums);
}

BL_KERNEL static void take_signs(int64_t n, float *x)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = x[i] >= 0.0f ? 1.0f : -1.0f;
}

void bl_itq_add(struct bl_itq *itq, int64_t n, const float *v)
{
    const int64_t k = itq->k;
    /* B = sign(VR), sums += V'B */
    bl_product_run(itq->cross.product, 0, BL_PLAIN, BL_PLAIN, n, k, k, v, k, itq->rotation, k, 0,
                   itq->rotated, k);
    take_signs(n * k, itq->rotated);
    bl_cross_add(&itq->cross, n, k, k, v, itq->rotated, itq->fixed, itq->sums);
}

/* ||B - VR||^2 = ||B||^2 + ||VR||^2 - 2 trace(R' V'B), where the first two are N k. */
double bl_itq_error(const struct bl_itq *itq, const double *rotation)
{
    double trace = 0.0;
    for (int64_t i = 0; i < itq->k * itq->k; i++)
        trace += rotation[i] * bl_fixed_to(itq->fixed, itq->sums[i]);
    return 2.0 - 2.0 * trace / (double)itq->n_total / (double)itq->k;
}

/* R = the orthogonal factor of V'B, which maximises trace(R' V'B). */
int bl_itq_update(const struct bl_itq *itq, double *rotation, struct bl_error *err)
{
    for (int64_t i = 0; i < itq->k * itq->k; i++)
        rotation[i] = bl_fixed_to(itq->fixed, itq->sums[i]);
    return bl_orthogonal_factor(itq->k, rotation, err);
}

int bl_itq_rotate(int64_t k, int64_t dim, const double *rotation, double *directions, struct bl_error *err)
{
    double *column = NULL;
    int code = bl_alloc(&column, k, sizeof *column, "a column of directions", err);
    for (int64_t d = 0; d < dim && code == BL_OK; d++) {
        for (int64_t i = 0; i < k; i++)
            column[i] = directions[i * dim + d];
        for (int64_t j = 0; j < k; j++) {
            double sum = 0.0;
            for (int64_t i = 0; i < k; i++)
                sum += rotation[i * k + j] * column[i];
            directions[j * dim + d] = sum;
        }
    }
    bl_free(&column);
    return code;
}

#include "math/covariance.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"

enum { N = 1000, DIM = 131 }; /* more than one band of columns, and not a whole number of blocks */

/* A chain over n products is off by at most n 2^-24 of the sum of their absolute values (1.5e-5 for a block);
 * roundings mostly cancel. */
static const double TOLERANCE = 1e-6;

static float rows[N * DIM];
static double mean[DIM], largest[DIM], matrix[DIM * DIM], expected[DIM * DIM];

/* Correlated columns: neighbours share half of their noise; column d is scaled and shifted. */
static void make_rows(double (*scale)(int), double offset)
{
    for (int i = 0; i < N; i++)
        for (int d = 0; d < DIM; d++) {
            double own[4], shared[4];
            bl_rng_normal(1, 98, (uint64_t)i, (uint64_t)d, 0, own);
            bl_rng_normal(1, 98, (uint64_t)i, (uint64_t)(d / 2), 1, shared);
            rows[i * DIM + d] = (float)(scale(d) * (offset + own[0] + shared[0]));
        }
}

static double one(int d)
{
    (void)d;
    return 1.0;
}

static double from_tiny_to_huge(int d)
{
    return pow(10.0, (double)(d % 61) - 30.0);
}

static void take_columns(void)
{
    memset(mean, 0, sizeof mean);
    memset(largest, 0, sizeof largest);
    bl_columns_add(N, DIM, rows, mean, largest);
    for (int d = 0; d < DIM; d++)
        mean[d] /= N;
}

/* The definition, in double. */
static void naive(void)
{
    for (int a = 0; a < DIM; a++)
        for (int b = 0; b < DIM; b++) {
            double sum = 0.0;
            for (int i = 0; i < N; i++)
                sum += ((double)rows[i * DIM + a] - mean[a]) * ((double)rows[i * DIM + b] - mean[b]);
            expected[a * DIM + b] = sum / N;
        }
}

/* Blocks of up to `block` rows; the last ones first if `backwards`. */
static void fit(int block, int backwards)
{
    struct bl_product product;
    struct bl_covariance covariance;
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL), BL_OK);
    cr_assert_eq(bl_covariance_init(&covariance, &product, DIM, N, mean, largest, NULL), BL_OK);
    const int blocks = (N + block - 1) / block;
    for (int b = 0; b < blocks; b++) {
        const int lo = (backwards ? blocks - 1 - b : b) * block, left = N - lo;
        bl_covariance_add(&covariance, left < block ? left : block, rows + lo * DIM);
    }
    bl_covariance_matrix(&covariance, matrix);
    bl_covariance_free(&covariance);
    bl_covariance_free(&covariance);
    bl_product_free(&product);
    cr_assert_eq(bl_alloc_live(), 0);
}

/* The largest difference from the definition, as a share of the two columns' deviations. */
static double worst(void)
{
    double error = 0.0;
    for (int a = 0; a < DIM; a++)
        for (int b = 0; b < DIM; b++) {
            const double size = sqrt(expected[a * DIM + a] * expected[b * DIM + b]);
            error = fmax(error, fabs(matrix[a * DIM + b] - expected[a * DIM + b]) / size);
        }
    return error;
}

Test(covariance, equals_the_definition_in_double)
{
    make_rows(one, 0.0);
    take_columns();
    naive();
    fit(BL_CROSS_BLOCK, 0);
    cr_assert_lt(worst(), TOLERANCE, "%g", worst());
    cr_assert_gt(fabs(expected[1]), 0.5); /* the test has something to see off the diagonal */
}

Test(covariance, columns_of_any_size_keep_their_digits)
{
    make_rows(from_tiny_to_huge, 0.0);
    take_columns();
    naive();
    fit(BL_CROSS_BLOCK, 0);
    cr_assert_lt(worst(), TOLERANCE, "%g", worst());
}

Test(covariance, a_common_offset_costs_no_digits)
{
    make_rows(one, 1000.0);
    take_columns();
    naive();
    fit(BL_CROSS_BLOCK, 0);
    cr_assert_lt(worst(), TOLERANCE, "%g", worst());
}

Test(covariance, the_order_of_blocks_changes_no_bit)
{
    static double forwards[DIM * DIM];
    make_rows(one, 0.0);
    take_columns();
    fit(BL_CROSS_BLOCK, 0);
    memcpy(forwards, matrix, sizeof matrix);
    fit(BL_CROSS_BLOCK, 1);
    cr_assert_eq(memcmp(forwards, matrix, sizeof matrix), 0);
}

Test(covariance, a_constant_column_has_none)
{
    make_rows(one, 0.0);
    for (int i = 0; i < N; i++)
        rows[i * DIM + 3] = 0.0f;
    take_columns();
    fit(BL_CROSS_BLOCK, 0);
    for (int d = 0; d < DIM; d++)
        cr_assert(matrix[3 * DIM + d] == 0.0 && matrix[d * DIM + 3] == 0.0);
}

Test(covariance, numbers_that_are_not_finite_show_in_the_column_sums)
{
    double sums[2] = {0.0, 0.0}, most[2] = {0.0, 0.0};
    const float bad[4] = {1.0f, NAN, -3.0f, 2.0f};
    bl_columns_add(2, 2, bad, sums, most);
    cr_assert(sums[0] == -2.0 && most[0] == 3.0);
    cr_assert(isnan(sums[1]));
}

Test(covariance, cross_equals_the_naive_product_and_adds)
{
    enum { ROWS = 200, M = 130, K = 7 };
    static float a[ROWS * M], b[ROWS * K];
    static int64_t sums[M * K];
    struct bl_product product;
    struct bl_cross cross;
    struct bl_fixed fixed = bl_fixed_of_bound(2.0 * ROWS);
    for (int i = 0; i < ROWS * M; i++)
        a[i] = (float)sin(i);
    for (int i = 0; i < ROWS * K; i++)
        b[i] = (float)cos(0.7 * i);
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL), BL_OK);
    cr_assert_eq(bl_cross_init(&cross, &product, K, NULL), BL_OK);
    bl_cross_add(&cross, ROWS, M, K, a, b, fixed, sums);
    bl_cross_add(&cross, ROWS, M, K, a, b, fixed, sums);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < K; j++) {
            double sum = 0.0;
            for (int n = 0; n < ROWS; n++)
                sum += 2.0 * (double)a[n * M + i] * (double)b[n * K + j];
            cr_assert_lt(fabs(bl_fixed_to(fixed, sums[i * K + j]) - sum), 1e-4);
        }
    bl_cross_free(&cross);
    bl_product_free(&product);
}

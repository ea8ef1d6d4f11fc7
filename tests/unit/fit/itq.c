#include "fit/itq.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "fit/linear.h"

enum { N = 600, K = 12, ITERATIONS = 30 };

static float v[N * K];
static double rotation[K * K];
static struct bl_product product;
static struct bl_itq itq;

/* Two hidden bits decide groups of columns, so that some rotations are clearly better; mean square 1. */
static void enter(void)
{
    double squares = 0.0;
    for (uint64_t i = 0; i < N; i++)
        for (uint64_t j = 0; j < K; j++) {
            double own[4], shared[4];
            bl_rng_normal(3, 96, i, j, 0, own);
            bl_rng_normal(3, 96, i, j % 3, 1, shared);
            v[i * K + j] = (float)((shared[0] > 0.0 ? 1.0 : -1.0) + 0.4 * (double)(j + 1) / K * own[0]);
            squares += (double)v[i * K + j] * (double)v[i * K + j];
        }
    for (int i = 0; i < N * K; i++)
        v[i] = (float)(v[i] / sqrt(squares / (N * K)));
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL), BL_OK);
    cr_assert_eq(bl_itq_init(&itq, &product, K, N, NULL), BL_OK);
    cr_assert_eq(bl_itq_random(1, K, rotation, NULL), BL_OK);
}

static void leave(void)
{
    bl_itq_free(&itq);
    bl_itq_free(&itq);
    bl_product_free(&product);
    cr_assert_eq(bl_alloc_live(), 0);
}

TestSuite(itq, .init = enter, .fini = leave);

static void pass(void)
{
    bl_itq_begin(&itq, rotation);
    for (int lo = 0; lo < N; lo += BL_CROSS_BLOCK)
        bl_itq_add(&itq, N - lo < BL_CROSS_BLOCK ? N - lo : BL_CROSS_BLOCK, v + lo * K);
}

/* The definition. */
static double naive_error(void)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < K; j++) {
            double z = 0.0;
            for (int l = 0; l < K; l++)
                z += (double)v[i * K + l] * rotation[l * K + j];
            sum += ((z >= 0.0 ? 1.0 : -1.0) - z) * ((z >= 0.0 ? 1.0 : -1.0) - z);
        }
    return sum / (N * K);
}

static void expect_orthogonal(void)
{
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) {
            double sum = 0.0;
            for (int l = 0; l < K; l++)
                sum += rotation[l * K + i] * rotation[l * K + j];
            cr_assert_lt(fabs(sum - (i == j)), 1e-13);
        }
}

Test(itq, its_error_is_that_of_the_definition)
{
    pass();
    cr_assert_lt(fabs(bl_itq_error(&itq, rotation) - naive_error()), 1e-6);
}

Test(itq, the_error_never_rises_and_the_rotation_stays_one)
{
    double first = 0.0, last = 0.0;
    for (int i = 0; i < ITERATIONS; i++) {
        expect_orthogonal();
        pass();
        const double error = bl_itq_error(&itq, rotation);
        cr_assert(i == 0 || error < last + 1e-7, "iteration %d: %.9f after %.9f", i, error, last);
        first = i == 0 ? error : first;
        last = error;
        cr_assert_eq(bl_itq_update(&itq, rotation, NULL), BL_OK);
    }
    cr_assert_lt(last, 0.8 * first, "from %g to %g", first, last);
}

/* Codes fixed, a small turn of any plane can't beat the update. */
Test(itq, the_update_is_the_best_rotation_for_its_codes)
{
    pass();
    cr_assert_eq(bl_itq_update(&itq, rotation, NULL), BL_OK);
    const double best = bl_itq_error(&itq, rotation); /* of these sums' codes */
    for (int a = 0; a < K; a++)
        for (int b = 0; b < a; b++)
            for (int sign = -1; sign <= 1; sign += 2) {
                double turned[K * K];
                memcpy(turned, rotation, sizeof turned);
                for (int i = 0; i < K; i++) {
                    turned[i * K + a] =
                        cos(0.01) * rotation[i * K + a] + sign * sin(0.01) * rotation[i * K + b];
                    turned[i * K + b] =
                        cos(0.01) * rotation[i * K + b] - sign * sin(0.01) * rotation[i * K + a];
                }
                cr_assert_gt(bl_itq_error(&itq, turned), best);
            }
}

Test(itq, other_seeds_begin_elsewhere)
{
    double other[K * K];
    cr_assert_eq(bl_itq_random(2, K, other, NULL), BL_OK);
    expect_orthogonal();
    cr_assert_neq(memcmp(other, rotation, sizeof other), 0);
}

/* Rows of rotated directions give VR: what W = RᵀP means. */
Test(itq, rotated_directions_project_onto_rotated_coordinates)
{
    enum { DIM = 20 };
    double directions[K * DIM], rotated[K * DIM], x[DIM], coordinates[K];
    for (int i = 0; i < K * DIM; i++)
        rotated[i] = directions[i] = sin(3.0 * i);
    for (int d = 0; d < DIM; d++)
        x[d] = cos(5.0 * d);
    cr_assert_eq(bl_itq_rotate(K, DIM, rotation, rotated, NULL), BL_OK);
    for (int i = 0; i < K; i++) {
        coordinates[i] = 0.0;
        for (int d = 0; d < DIM; d++)
            coordinates[i] += directions[i * DIM + d] * x[d];
    }
    for (int j = 0; j < K; j++) {
        double z = 0.0, expected = 0.0;
        for (int d = 0; d < DIM; d++)
            z += rotated[j * DIM + d] * x[d];
        for (int i = 0; i < K; i++)
            expected += coordinates[i] * rotation[i * K + j];
        cr_assert_lt(fabs(z - expected), 1e-12);
    }
}

Test(itq, linear_projects_what_was_centred_and_scaled)
{
    const double directions[4] = {0.6, 0.8, -0.8, 0.6}, mean[2] = {10.0, -20.0};
    float weight[4], bias[2];
    bl_linear_set(2, 2, directions, mean, 2.0, weight, bias);
    const double x[2] = {11.0, -18.0}; /* 1, 2 from the mean */
    for (int i = 0; i < 2; i++) {
        const double z = (double)weight[2 * i] * x[0] + (double)weight[2 * i + 1] * x[1] + (double)bias[i];
        cr_assert_lt(fabs(z - 2.0 * (directions[2 * i] + 2.0 * directions[2 * i + 1])), 1e-5);
    }
}

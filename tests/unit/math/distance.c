#include "math/distance.h"

#include <criterion/criterion.h>
#include <math.h>

enum { N = 300, M = 70, DIM = 13 };

static float x[N * DIM], p[M * DIM], out[N * M];
static struct bl_product product;

/* Whole numbers, so that distances are exact. */
static void fill(float *values, int64_t count, int64_t step)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)(i * step % 17 - 8);
}

static double naive(const float *a, const float *b)
{
    double sum = 0.0;
    for (int d = 0; d < DIM; d++)
        sum += ((double)a[d] - (double)b[d]) * ((double)a[d] - (double)b[d]);
    return sum;
}

static void enter(void)
{
    fill(x, N * DIM, 7);
    fill(p, M * DIM, 5);
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL), BL_OK);
}

static void leave(void)
{
    bl_product_free(&product);
}

TestSuite(distance, .init = enter, .fini = leave);

Test(distance, is_the_sum_of_squared_differences)
{
    bl_distance_run(&product, 0, N, M, DIM, x, p, out);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < M; j++)
            cr_assert_eq((double)out[i * M + j], naive(x + i * DIM, p + j * DIM), "row %d, anchor %d", i, j);
}

Test(distance, has_the_same_bits_alone_and_among_others)
{
    for (int64_t i = 0; i < N * DIM; i++)
        x[i] = sinf((float)i);
    bl_distance_run(&product, 0, N, M, DIM, x, p, out);
    for (int i = 0; i < N; i += 37)
        for (int j = 0; j < M; j += 11) {
            float alone;
            bl_distance_run(&product, 0, 1, 1, DIM, x + i * DIM, p + j * DIM, &alone);
            cr_assert_eq(alone, out[i * M + j], "row %d, anchor %d", i, j);
        }
}

Test(distance, to_itself_is_never_negative)
{
    for (int64_t i = 0; i < N * DIM; i++)
        x[i] = 1000.0f + sinf((float)i);
    for (int i = 0; i < N; i++) {
        bl_distance_run(&product, 0, 1, 1, DIM, x + i * DIM, x + i * DIM, out);
        /* 2 DIM 2^-24 |x|^2 */
        cr_assert(out[0] >= 0.0f && out[0] < 21.0f, "%g", (double)out[0]);
    }
}

Test(distance, widths_are_those_of_different_points)
{
    const float squared[9] = {0, 4, 36, 4, 0, 16, 36, 16, 0}; /* points 0, 2, 6 on a line */
    cr_assert_float_eq(bl_distance_mean(3, squared), (4 + 36 + 16) / 3.0, 1e-12);
    cr_assert_float_eq(bl_distance_nearest(3, squared), pow((2 + 2 + 4) / 3.0, 2), 1e-12);
    cr_assert_eq(bl_distance_mean(1, squared), 0.0);
    cr_assert_eq(bl_distance_nearest(1, squared), 0.0);
}

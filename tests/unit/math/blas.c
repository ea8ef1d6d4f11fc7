#include "math/blas.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "math/elementwise.h"
#include "math/vexp.h"

static void random_fill(float *x, int64_t n, uint64_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        double normal[4];
        bl_rng_normal(seed, 99, (uint64_t)i, 0, 0, normal);
        x[i] = (float)normal[0];
    }
}

enum { M = 7, N = 5, K = 11 };

/* The naive twin: C = op(A) op(B), or C + op(A) op(B) if add; rows without padding. */
static void naive(int ta, int tb, const float *a, const float *b, int add, float *c)
{
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0.0;
            for (int k = 0; k < K; k++)
                sum +=
                    (double)(ta ? a[k * M + i] : a[i * K + k]) * (double)(tb ? b[j * K + k] : b[k * N + j]);
            c[i * N + j] = (float)(sum + (add ? (double)c[i * N + j] : 0.0));
        }
}

Test(blas, all_transpositions_equal_the_naive_product)
{
    for (int form = 0; form < 8; form++) {
        int ta = form & 1, tb = form >> 1 & 1, add = form >> 2;
        float a[M * K], b[K * N], c[M * N], expected[M * N];
        random_fill(a, M * K, 1);
        random_fill(b, K * N, 2);
        random_fill(c, M * N, 3);
        memcpy(expected, c, sizeof c);
        naive(ta, tb, a, b, add, expected);
        bl_matmul(ta ? BL_TRANSPOSED : BL_PLAIN, tb ? BL_TRANSPOSED : BL_PLAIN, M, N, K, a, ta ? M : K, b,
                  tb ? K : N, add, c, N);
        for (int i = 0; i < M * N; i++)
            cr_assert_float_eq(c[i], expected[i], 1e-5);
    }
}

Test(blas, without_add_nan_is_overwritten_also_with_an_empty_inner_dimension)
{
    float a[4] = {1, 2, 3, 4}, c[4] = {NAN, NAN, NAN, NAN};
    bl_matmul(BL_PLAIN, BL_PLAIN, 2, 2, 0, a, 2, a, 2, 0, c, 2);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(c[i], 0.0f);
}

Test(blas, vexp_exp_of_negative_numbers_is_within_2e_7)
{
    double worst = 0.0;
    for (float x = 0.0f; x > -87.0f; x -= 0.00037f)
        worst = fmax(worst, fabs((double)bl_exp_negative(x) / exp((double)x) - 1.0));
    cr_assert_leq(worst, 2e-7);
    cr_assert_eq(bl_exp_negative(0.0f), 1.0f);
    cr_assert_leq(bl_exp_negative(-INFINITY), 2e-38f);
    cr_assert(isnan(bl_exp_negative(NAN)));
}

Test(blas, vexp_log1p_on_the_unit_interval_is_within_2e_7)
{
    double worst = 0.0, relative = 0.0;
    for (int i = 0; i <= 200000; i++) {
        float e = (float)i / 200000.0f;
        double exact = log1p((double)e), error = fabs((double)bl_log1p_unit(e) - exact);
        worst = fmax(worst, error);
        relative = fmax(relative, exact > 0.0 ? error / exact : 0.0);
    }
    cr_assert_leq(worst, 2e-7);
    cr_assert_leq(relative, 4e-7);
    cr_assert(isnan(bl_log1p_unit(NAN)));
}

Test(blas, vexp_log_of_normal_numbers_is_within_3e_7)
{
    double worst = 0.0;
    for (float x = 1.2e-38f; x < 3e38f; x *= 1.0003f) {
        const double exact = log((double)x);
        worst = fmax(worst, fabs((double)bl_log_positive(x) - exact) / fmax(1.0, fabs(exact)));
    }
    for (float x = 0.5f; x < 2.0f; x += 1e-5f)
        worst = fmax(worst, fabs((double)bl_log_positive(x) - log((double)x)));
    cr_assert_leq(worst, 3e-7);
    cr_assert_eq(bl_log_positive(1.0f), 0.0f);
    cr_assert(isnan(bl_log_positive(NAN)));
}

Test(blas, vexp_tanh_is_within_4_units_in_the_last_place)
{
    double worst = 0.0;
    for (float x = 1e-8f; x < 12.0f; x *= 1.00003f) {
        double exact = tanh((double)x);
        double unit = (double)(nextafterf((float)exact, 2.0f) - (float)exact);
        worst = fmax(worst, fabs((double)bl_tanh(x) - exact) / unit);
        cr_assert_eq(bl_tanh(-x), -bl_tanh(x));
    }
    cr_assert_leq(worst, 4.0);
}

Test(blas, vexp_tanh_of_extremes_is_1_0_or_nan)
{
    cr_assert_eq(bl_tanh(INFINITY), 1.0f);
    cr_assert_eq(bl_tanh(-3e38f), -1.0f);
    cr_assert_eq(bl_tanh(0.0f), 0.0f);
    cr_assert(isnan(bl_tanh(NAN)));
}

Test(blas, elementwise_vector_loops_give_the_bits_of_the_scalar_function)
{
    float x[133], y[133], bias[133];
    random_fill(x, 133, 4);
    random_fill(bias, 133, 5);
    memcpy(y, x, sizeof x);
    bl_bias_tanh(1, 133, bias, x);
    for (int i = 0; i < 133; i++) {
        float expected = bl_tanh(y[i] + bias[i]);
        cr_assert_eq(memcmp(&x[i], &expected, sizeof expected), 0);
    }
}

Test(blas, elementwise_nan_passes_through_every_activation_and_derivative)
{
    float bias = 0.0f, relu = NAN, tanh_ = NAN, linear = NAN, delta = 1.0f, delta_tanh = 1.0f;
    bl_bias_relu(1, 1, &bias, &relu);
    bl_bias_tanh(1, 1, &bias, &tanh_);
    bl_bias_linear(1, 1, &bias, &linear);
    cr_assert(isnan(relu) && isnan(tanh_) && isnan(linear));
    relu = 1.0f;
    delta = NAN;
    bl_relu_backward(1, &delta, &relu);
    bl_tanh_backward(1, &delta_tanh, 1.0f, &tanh_);
    cr_assert(isnan(relu) && isnan(tanh_));
}

Test(blas, elementwise_column_sums_of_wide_and_narrow_parts_are_exact_for_whole_numbers)
{
    enum { ROWS = 9, WIDTH = 150, STRIDE = 160 };
    static float x[ROWS * STRIDE], sums[WIDTH];
    for (int i = 0; i < ROWS * STRIDE; i++)
        x[i] = (float)(i % 17);
    memset(sums, 0xff, sizeof sums);
    bl_column_sums(ROWS, WIDTH, x, STRIDE, sums);
    for (int j = 0; j < WIDTH; j++) {
        float sum = 0.0f;
        for (int i = 0; i < ROWS; i++)
            sum += x[i * STRIDE + j];
        cr_assert_eq(sums[j], sum);
    }
}

Test(blas, elementwise_infinity_and_nan_anywhere_are_not_finite)
{
    float x[70] = {0};
    cr_assert(bl_all_finite(70, x));
    x[69] = NAN;
    cr_assert_not(bl_all_finite(70, x));
    x[69] = 0.0f;
    x[3] = -INFINITY;
    cr_assert_not(bl_all_finite(70, x));
}

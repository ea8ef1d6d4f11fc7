#include "fit/ksh.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"

enum { N = 40, M = 6, BITS = 5, CLASSES = 4 };

static double kernel[N * M], residual[N * N], a[BITS * M];
static uint32_t labels[N];
static struct bl_ksh problem = {.n = N, .m = M, .bits = BITS, .kernel = kernel, .residual = residual};

static double unit(uint64_t i, uint64_t j)
{
    uint64_t words[4];
    bl_rng_words(3, BL_STREAM_LSH, i, j, 0, words);
    return 2.0 * bl_rng_unit(words[0]) - 1.0;
}

/* Rows around corners of their classes. */
static void enter(void)
{
    for (uint64_t i = 0; i < N; i++) {
        labels[i] = i % CLASSES;
        for (uint64_t j = 0; j < M; j++)
            kernel[i * M + j] = unit(1000 + labels[i], j) + 0.2 * unit(i, j);
    }
    bl_ksh_similarity(N, BITS, bl_label_layout(BL_LABELS_SINGLE, 0), labels, residual);
}

TestSuite(ksh, .init = enter);

Test(ksh, similarity_is_plus_or_minus_the_length)
{
    const uint32_t multi[2] = {3, 6};
    double two[4];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            cr_assert_eq(residual[i * N + j], labels[i] == labels[j] ? BITS : -BITS);
    bl_ksh_similarity(2, 7, bl_label_layout(BL_LABELS_MULTI, 3), multi, two);
    cr_assert_eq(two[1], 7.0); /* one label of two is shared */
}

Test(ksh, the_gradient_is_that_of_central_differences)
{
    double at[M], gradient[M], s[N], rs[N];
    for (int j = 0; j < M; j++)
        at[j] = unit(77, (uint64_t)j);
    bl_ksh_smooth(&problem, at, s, rs, gradient);
    for (int j = 0; j < M; j++) {
        const double h = 1e-5, middle = at[j];
        at[j] = middle + h;
        const double above = bl_ksh_smooth(&problem, at, s, rs, NULL);
        at[j] = middle - h;
        const double below = bl_ksh_smooth(&problem, at, s, rs, NULL);
        at[j] = middle;
        cr_assert_float_eq(gradient[j], (above - below) / (2 * h), 1e-5 * fabs(gradient[j]) + 1e-5);
    }
}

static void code_of(int bit, double code[N])
{
    for (int i = 0; i < N; i++) {
        double sum = 0.0;
        for (int j = 0; j < M; j++)
            sum += kernel[i * M + j] * a[bit * M + j];
        code[i] = sum >= 0.0 ? 1.0 : -1.0;
    }
}

Test(ksh, the_residual_is_what_the_codes_leave)
{
    double code[N];
    static double expected[N * N];
    memcpy(expected, residual, sizeof expected);
    cr_assert_eq(bl_ksh_fit(&problem, a, NULL), BL_OK);
    for (int k = 0; k < BITS; k++) {
        code_of(k, code);
        for (int i = 0; i < N * N; i++)
            expected[i] -= code[i / N] * code[i % N];
    }
    for (int i = 0; i < N * N; i++)
        cr_assert_eq(residual[i], expected[i]);
    cr_assert_eq(bl_alloc_live(), 0);
}

Test(ksh, codes_of_a_class_agree_and_those_of_others_do_not)
{
    double code[BITS][N];
    cr_assert_eq(bl_ksh_fit(&problem, a, NULL), BL_OK);
    for (int k = 0; k < BITS; k++)
        code_of(k, code[k]);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < i; j++) {
            int distance = 0;
            for (int k = 0; k < BITS; k++)
                distance += code[k][i] != code[k][j];
            if (labels[i] == labels[j])
                cr_assert_eq(distance, 0, "%d %d", i, j);
            else
                cr_assert_geq(distance, 2, "%d %d", i, j);
        }
}

/* No direction of a thousand random ones gives the first bit a better value. */
Test(ksh, the_first_bit_is_better_than_random_ones)
{
    double code[N], value = 0.0;
    static double whole[N * N];
    memcpy(whole, residual, sizeof whole);
    problem.bits = 1;
    cr_assert_eq(bl_ksh_fit(&problem, a, NULL), BL_OK);
    code_of(0, code);
    for (int i = 0; i < N * N; i++)
        value += whole[i] * code[i / N] * code[i % N];
    for (uint64_t trial = 0; trial < 1000; trial++) {
        double other = 0.0;
        for (int j = 0; j < M; j++)
            a[j] = unit(5000 + trial, (uint64_t)j);
        code_of(0, code);
        for (int i = 0; i < N * N; i++)
            other += whole[i] * code[i / N] * code[i % N];
        cr_assert_leq(other, value);
    }
}

Test(ksh, equal_anchors_are_no_obstacle)
{
    for (int i = 0; i < N; i++)
        kernel[i * M + 1] = kernel[i * M];
    cr_assert_eq(bl_ksh_fit(&problem, a, NULL), BL_OK);
    for (int i = 0; i < BITS * M; i++)
        cr_assert(isfinite(a[i]));
}

#include "math/solve.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { N = 7, K = 3 };

/* A'A + I of whole numbers. */
static void make(double matrix[N * N])
{
    double a[N * N];
    for (int i = 0; i < N * N; i++)
        a[i] = i * 5 % 11 - 4;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            matrix[i * N + j] = i == j;
            for (int k = 0; k < N; k++)
                matrix[i * N + j] += a[k * N + i] * a[k * N + j];
        }
}

Test(solve, the_factor_times_its_transpose_is_the_matrix)
{
    double matrix[N * N], factor[N * N];
    make(matrix);
    memcpy(factor, matrix, sizeof factor);
    cr_assert_eq(bl_cholesky(N, factor, NULL), BL_OK);
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) {
            double sum = 0.0;
            for (int k = 0; k <= j; k++)
                sum += factor[i * N + k] * factor[j * N + k];
            cr_assert_float_eq(sum, matrix[i * N + j], 1e-10);
        }
    for (int i = 0; i < N; i++)
        for (int j = i + 1; j < N; j++)
            cr_assert_eq(factor[i * N + j], matrix[i * N + j]);
}

Test(solve, the_matrix_times_the_solution_is_the_right_side)
{
    double matrix[N * N], factor[N * N], x[N * K];
    make(matrix);
    memcpy(factor, matrix, sizeof factor);
    for (int i = 0; i < N * K; i++)
        x[i] = i - 10;
    cr_assert_eq(bl_cholesky(N, factor, NULL), BL_OK);
    bl_cholesky_solve(N, K, factor, x);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < K; k++) {
            double sum = 0.0;
            for (int j = 0; j < N; j++)
                sum += matrix[i * N + j] * x[j * K + k];
            cr_assert_float_eq(sum, i * K + k - 10, 1e-9);
        }
}

Test(solve, a_congruence_with_the_factor_of_the_matrix_itself_is_the_identity)
{
    double matrix[N * N], factor[N * N];
    make(matrix);
    memcpy(factor, matrix, sizeof factor);
    cr_assert_eq(bl_cholesky(N, factor, NULL), BL_OK);
    bl_lower_congruence(N, factor, matrix);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            cr_assert_float_eq(matrix[i * N + j], i == j, 1e-10);
}

Test(solve, a_matrix_that_is_not_positive_definite_is_refused)
{
    double matrix[4] = {1, 2, 2, 1};
    cr_assert_eq(bl_cholesky(2, matrix, NULL), BL_NUMBERS);
}

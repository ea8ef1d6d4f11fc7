#include "math/eigen.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"

enum { DIM = 40, K = 7 };

static void random_fill(double *x, int n, uint64_t seed)
{
    for (int i = 0; i < n; i++) {
        double normal[4];
        bl_rng_normal(seed, 97, (uint64_t)i, 0, 0, normal);
        x[i] = normal[0];
    }
}

/* c = a b, all [n, n]; ta: a transposed. */
static void multiply(int n, int ta, const double *a, const double *b, double *c)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            c[i * n + j] = 0.0;
            for (int l = 0; l < n; l++)
                c[i * n + j] += (ta ? a[l * n + i] : a[i * n + l]) * b[l * n + j];
        }
}

static double dot(int n, const double *a, const double *b)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* G'G of random numbers. */
static void make_symmetric(double *matrix)
{
    static double g[DIM * DIM];
    random_fill(g, DIM * DIM, 1);
    multiply(DIM, 1, g, g, matrix);
}

static double matrix[DIM * DIM], work[DIM * DIM], values[DIM], vectors[DIM * DIM];

static void find(int k)
{
    make_symmetric(matrix);
    memcpy(work, matrix, sizeof matrix);
    for (int i = 0; i < DIM * DIM; i++)
        values[i % DIM] = vectors[i] = NAN;
    cr_assert_eq(bl_eigen_top(DIM, work, k, values, vectors, NULL), BL_OK);
    cr_assert_eq(bl_alloc_live(), 0);
}

Test(eigen, vectors_are_eigenvectors_of_falling_value)
{
    find(K);
    for (int i = 0; i < K; i++) {
        cr_assert(i == 0 || values[i] < values[i - 1]);
        for (int r = 0; r < DIM; r++) {
            const double image = dot(DIM, matrix + r * DIM, vectors + i * DIM);
            cr_assert_lt(fabs(image - values[i] * vectors[i * DIM + r]), 1e-11 * values[0]);
        }
    }
}

Test(eigen, the_values_found_are_the_largest)
{
    double trace = 0.0, sum = 0.0, top[K];
    find(K);
    memcpy(top, values, sizeof top);
    find(DIM);
    for (int i = 0; i < DIM; i++) {
        trace += matrix[i * DIM + i];
        sum += values[i];
        cr_assert(i >= K || fabs(values[i] - top[i]) < 1e-11 * top[0]);
        cr_assert(i < K || values[i] < top[K - 1]);
    }
    cr_assert_lt(fabs(trace - sum), 1e-11 * trace);
}

Test(eigen, vectors_are_orthonormal_rows_whose_largest_component_is_positive)
{
    find(K);
    for (int i = 0; i < K; i++) {
        const double *vector = vectors + i * DIM;
        double largest = 0.0;
        for (int j = 0; j < K; j++)
            cr_assert_lt(fabs(dot(DIM, vector, vectors + j * DIM) - (i == j)), 1e-13);
        for (int d = 0; d < DIM; d++)
            largest = fabs(vector[d]) > fabs(largest) ? vector[d] : largest;
        cr_assert_gt(largest, 0.0);
    }
}

Test(eigen, equal_values_still_give_orthonormal_vectors)
{
    double identity[9] = {2, 0, 0, 0, 2, 0, 0, 0, 2};
    cr_assert_eq(bl_eigen_top(3, identity, 3, values, vectors, NULL), BL_OK);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            cr_assert_lt(fabs(dot(3, vectors + 3 * i, vectors + 3 * j) - (i == j)), 1e-14);
}

Test(eigen, what_is_not_finite_is_an_error_in_words)
{
    struct bl_error err = {0};
    double bad[4] = {1.0, NAN, NAN, 1.0};
    cr_assert_eq(bl_eigen_top(2, bad, 1, values, vectors, &err), BL_NUMBERS);
    cr_assert(strstr(err.what, "eigenvectors"));
    double other[4] = {1.0, NAN, 0.0, 1.0};
    cr_assert_eq(bl_orthogonal_factor(2, other, &err), BL_NUMBERS);
    cr_assert_eq(bl_alloc_live(), 0);
}

/* A matrix R H with R orthogonal and H symmetric, positive definite has the factor R, which tells apart U V',
 * V U' and their transposes. */
Test(eigen, orthogonal_factor_of_a_rotated_positive_matrix_is_the_rotation)
{
    static double rotation[DIM * DIM], product[DIM * DIM], identity[DIM * DIM];
    random_fill(rotation, DIM * DIM, 5);
    cr_assert_eq(bl_orthogonal_factor(DIM, rotation, NULL), BL_OK);
    multiply(DIM, 1, rotation, rotation, identity);
    for (int i = 0; i < DIM * DIM; i++)
        cr_assert_lt(fabs(identity[i] - (i / DIM == i % DIM)), 1e-13);

    make_symmetric(matrix);
    for (int d = 0; d < DIM; d++)
        matrix[d * DIM + d] += 1.0;
    multiply(DIM, 0, rotation, matrix, product);
    cr_assert_eq(bl_orthogonal_factor(DIM, product, NULL), BL_OK);
    for (int i = 0; i < DIM * DIM; i++)
        cr_assert_lt(fabs(product[i] - rotation[i]), 1e-11);
    cr_assert_eq(bl_alloc_live(), 0);
}

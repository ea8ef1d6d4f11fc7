#include "math/eigen.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"

static int outcome(lapack_int info, const char *what, struct bl_error *err)
{
    if (info == 0)
        return BL_OK;
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return bl_fail(err, BL_MEMORY, "no memory is left for the work space of %s", what);
    return bl_fail(err, BL_NUMBERS, "%s failed (LAPACK's status %d); the data may hold extreme numbers", what,
                   (int)info);
}

/* An eigenvector is determined up to its sign: makes the component of largest magnitude positive. */
static void fix_sign(int64_t dim, double *vector)
{
    int64_t largest = 0;
    for (int64_t d = 1; d < dim; d++)
        if (fabs(vector[d]) > fabs(vector[largest]))
            largest = d;
    for (int64_t d = 0; d < dim && vector[largest] < 0.0; d++)
        if (d != largest)
            vector[d] = -vector[d];
    vector[largest] = fabs(vector[largest]);
}

/* LAPACK returns eigenvalues in ascending order; ours descend. */
static void reverse(int64_t k, int64_t dim, double *values, double *vectors)
{
    for (int64_t i = 0, j = k - 1; i < j; i++, j--) {
        const double value = values[i];
        values[i] = values[j];
        values[j] = value;
        for (int64_t d = 0; d < dim; d++) {
            const double x = vectors[i * dim + d];
            vectors[i * dim + d] = vectors[j * dim + d];
            vectors[j * dim + d] = x;
        }
    }
}

int bl_eigen_top(int64_t dim, double *matrix, int64_t k, double *values, double *vectors,
                 struct bl_error *err)
{
    const lapack_int n = (lapack_int)dim, lowest = (lapack_int)(dim - k + 1);
    lapack_int found = 0, *support = NULL;
    double *all = NULL; /* LAPACK needs room for all dim eigenvalues */
    int code = bl_alloc(&all, dim, sizeof *all, "eigenvalues", err);
    if (code == BL_OK)
        code = bl_alloc(&support, 2 * dim, sizeof *support, "eigenvectors", err);
    if (code == BL_OK) /* LAPACK's columns are our rows, so that vectors come out as rows without a copy */
        code = outcome(LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'L', n, matrix, n, 0.0, 0.0, lowest, n, 0.0,
                                      &found, all, vectors, n, support),
                       "the search for eigenvectors", err);
    if (code == BL_OK && found != (lapack_int)k)
        code = bl_fail(err, BL_NUMBERS, "LAPACK found %d of %lld eigenvectors", (int)found, (long long)k);
    if (code == BL_OK) {
        memcpy(values, all, (size_t)k * sizeof *values);
        reverse(k, dim, values, vectors);
        for (int64_t i = 0; i < k; i++)
            fix_sign(dim, vectors + i * dim);
    }
    bl_free(&all);
    bl_free(&support);
    return code;
}

int bl_covariance_rank(int64_t dim, const double *matrix, int64_t *rank, struct bl_error *err)
{
    lapack_int found = 0, *pivots = NULL;
    double *correlation = NULL, *scale = NULL;
    int code = bl_alloc(&pivots, dim, sizeof *pivots, "pivots", err);
    if (code == BL_OK)
        code = bl_alloc(&correlation, dim * dim, sizeof *correlation, "correlations", err);
    if (code == BL_OK)
        code = bl_alloc(&scale, dim, sizeof *scale, "deviations", err);
    for (int64_t i = 0; i < dim && code == BL_OK; i++)
        scale[i] = matrix[i * dim + i] > 0.0 ? 1.0 / sqrt(matrix[i * dim + i]) : 0.0;
    for (int64_t i = 0; i < dim && code == BL_OK; i++)
        for (int64_t j = i; j < dim; j++)
            correlation[i * dim + j] = scale[i] * matrix[i * dim + j] * scale[j];
    if (code ==
        BL_OK) { /* our upper triangle is the lower one of LAPACK's columns; 1: the rank is deficient */
        const lapack_int n = (lapack_int)dim;
        const lapack_int info = LAPACKE_dpstrf(LAPACK_COL_MAJOR, 'L', n, correlation, n, pivots, &found,
                                               0x1p-20 * sqrt((double)dim));
        code = outcome(info == 1 ? 0 : info, "the search for directions with variance", err);
    }
    *rank = found;
    bl_free(&pivots);
    bl_free(&correlation);
    bl_free(&scale);
    return code;
}

int bl_orthogonal_factor(int64_t k, double *matrix, struct bl_error *err)
{
    const lapack_int n = (lapack_int)k;
    double *values = NULL, *left = NULL, *right = NULL;
    int code = bl_alloc(&values, k, sizeof *values, "singular values", err);
    if (code == BL_OK)
        code = bl_alloc(&left, k * k, sizeof *left, "singular vectors", err);
    if (code == BL_OK)
        code = bl_alloc(&right, k * k, sizeof *right, "singular vectors", err);
    /* Read by columns our matrix is its transpose, V diag U'. So left = V and right = U', and their product V
     * U', stored by columns, is U V' read by rows. */
    if (code == BL_OK)
        code = outcome(LAPACKE_dgesdd(LAPACK_COL_MAJOR, 'A', n, n, matrix, n, values, left, n, right, n),
                       "a singular value decomposition", err);
    if (code == BL_OK)
        cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0, left, n, right, n, 0.0, matrix,
                    n);
    bl_free(&values);
    bl_free(&left);
    bl_free(&right);
    return code;
}

#include "math/solve.h"

#include <cblas.h>
#include <lapacke.h>

int bl_cholesky(int64_t n, double *matrix, struct bl_error *err)
{
    /* LAPACK reads by columns, so our lower triangle is its upper one. */
    const lapack_int info = LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'U', (lapack_int)n, matrix, (lapack_int)n);
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return bl_fail(err, BL_MEMORY, "no memory is left for a Cholesky factor");
    if (info != 0)
        return bl_fail(err, BL_NUMBERS,
                       "a matrix that should be positive definite isn't (LAPACK's status %d); the data may "
                       "hold extreme numbers",
                       (int)info);
    return BL_OK;
}

void bl_lower_solve(enum bl_transpose op, int64_t n, int64_t k, const double *factor, double *b)
{
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, op == BL_PLAIN ? CblasNoTrans : CblasTrans,
                CblasNonUnit, (blasint)n, (blasint)k, 1.0, factor, (blasint)n, b, (blasint)k);
}

/* (L L')^-1 b = L'^-1 (L^-1 b) */
void bl_cholesky_solve(int64_t n, int64_t k, const double *factor, double *b)
{
    bl_lower_solve(BL_PLAIN, n, k, factor, b);
    bl_lower_solve(BL_TRANSPOSED, n, k, factor, b);
}

void bl_lower_congruence(int64_t n, const double *factor, double *matrix)
{
    bl_lower_solve(BL_PLAIN, n, n, factor, matrix); /* L^-1 matrix, then times L'^-1 from the right */
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (blasint)n, (blasint)n, 1.0,
                factor, (blasint)n, matrix, (blasint)n);
}

/* Linear equations with a symmetric positive definite matrix, through its Cholesky factor: LAPACK and BLAS in
 * double, row-major. The last bits depend on OpenBLAS's kernel: under ranks, one computes and the others
 * receive. */
#ifndef BL_MATH_SOLVE_H
#define BL_MATH_SOLVE_H

#include <stdint.h>

#include "base/error.h"
#include "math/blas.h"

enum { BL_SOLVE_MAX = 32768 }; /* LAPACK counts elements in 31 bits */

/* The lower triangle of matrix [n, n] becomes that of L, matrix = L L'. Only it is read and written.
 * n <= BL_SOLVE_MAX. Errors: BL_NUMBERS not positive definite; BL_MEMORY. */
int bl_cholesky(int64_t n, double *matrix, struct bl_error *err);

/* b [n, k] becomes op(L)^-1 b for the factor L [n, n]. */
void bl_lower_solve(enum bl_transpose op, int64_t n, int64_t k, const double *factor, double *b);

/* b [n, k] becomes (L L')^-1 b. */
void bl_cholesky_solve(int64_t n, int64_t k, const double *factor, double *b);

/* The symmetric matrix [n, n] (both triangles given) becomes L^-1 matrix L^-T: the eigenproblem
 * matrix v = lambda L L' v in the coordinates u = L' v. */
void bl_lower_congruence(int64_t n, const double *factor, double *matrix);

#endif

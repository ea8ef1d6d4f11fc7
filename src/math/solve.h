/* Linear equations with a symmetric positive definite matrix, by its Cholesky factor. LAPACK and BLAS in
 * double, row-major. The last bits depend on OpenBLAS's kernel: with several ranks, one computes and
 * broadcasts. */
#ifndef BL_MATH_SOLVE_H
#define BL_MATH_SOLVE_H

#include <stdint.h>

#include "base/error.h"
#include "math/blas.h"

enum { BL_SOLVE_MAX = 32768 }; /* LAPACK's 32-bit integers count elements: n^2 must fit */

/* Replaces the lower triangle of matrix [n, n] by that of L, where matrix = L L'. The upper one is neither
 * read nor written. n <= BL_SOLVE_MAX. Errors: BL_NUMBERS if not positive definite; BL_MEMORY. */
int bl_cholesky(int64_t n, double *matrix, struct bl_error *err);

/* b [n, k] = op(L)^-1 b, in place, for the factor L [n, n] of bl_cholesky. */
void bl_lower_solve(enum bl_transpose op, int64_t n, int64_t k, const double *factor, double *b);

/* b [n, k] = (L L')^-1 b, in place. */
void bl_cholesky_solve(int64_t n, int64_t k, const double *factor, double *b);

/* matrix [n, n] = L^-1 matrix L'^-1, in place; symmetric, both triangles given. It turns the generalised
 * eigenproblem matrix v = lambda L L' v into an ordinary one for u = L' v. */
void bl_lower_congruence(int64_t n, const double *factor, double *matrix);

#endif

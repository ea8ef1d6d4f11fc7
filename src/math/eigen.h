/* Eigenvectors and orthogonal factors of small dense matrices by LAPACK, in double, row-major. Their last
 * bits depend on the LAPACK and on OpenBLAS's kernel: with several ranks, one computes and broadcasts. */
#ifndef BL_MATH_EIGEN_H
#define BL_MATH_EIGEN_H

#include <stdint.h>

#include "base/error.h"

enum { BL_EIGEN_MAX = 32768 }; /* LAPACK's 32-bit integers count elements: dim^2 must fit */

/* The k <= dim largest eigenvalues of a symmetric matrix [dim, dim] in descending order, values [k], with
 * eigenvectors as rows, vectors [k, dim], of length 1 and such that the component of largest absolute value
 * (the first of equals) is positive. Reads the upper triangle of matrix and destroys it. dim <= BL_EIGEN_MAX.
 * Cost: about 4/3 dim^3 operations. Errors: BL_MEMORY, BL_NUMBERS. */
int bl_eigen_top(int64_t dim, double *matrix, int64_t k, double *values, double *vectors,
                 struct bl_error *err);

/* *rank = the number of directions in which a covariance [dim, dim] (upper triangle) has variance above
 * rounding: pivots of a Cholesky factorisation of its correlation matrix that are above 2^-20 sqrt(dim), about
 * ten times the error of sums as in math/covariance.h. Relative to each column's own deviation, so a column of
 * small numbers counts beside one of large ones. Cost: at most dim^3/3 operations. Errors: BL_MEMORY,
 * BL_NUMBERS. */
int bl_covariance_rank(int64_t dim, const double *matrix, int64_t *rank, struct bl_error *err);

/* Replaces matrix [k, k] = U diag V' (its singular value decomposition) by U V', the orthogonal matrix
 * nearest to it; it maximises trace(R' matrix) over orthogonal R. Source: Schoenemann, "A generalized
 * solution of the orthogonal Procrustes problem", Psychometrika 31, 1966. Errors: BL_MEMORY, BL_NUMBERS. */
int bl_orthogonal_factor(int64_t k, double *matrix, struct bl_error *err);

#endif

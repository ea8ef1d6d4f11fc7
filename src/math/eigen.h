/* Eigenvectors and orthogonal factors of small dense matrices, by LAPACK. Their last bits depend on the
 * LAPACK and on OpenBLAS's kernel: under ranks, one computes and the others receive. Row-major, double. */
#ifndef BL_MATH_EIGEN_H
#define BL_MATH_EIGEN_H

#include <stdint.h>

#include "base/error.h"

enum { BL_EIGEN_MAX = 32768 }; /* LAPACK counts elements in 31 bits */

/* The k <= dim largest eigenvalues of the symmetric matrix [dim, dim], which is destroyed (its upper triangle
 * is read), in falling order: values [k], vectors [k, dim] of length 1, the sign such that the component of
 * largest absolute value (the first of equals) is positive. dim <= BL_EIGEN_MAX. Time: about
 * 4/3 dim^3 operations.
 * Errors: BL_MEMORY, BL_NUMBERS. */
int bl_eigen_top(int64_t dim, double *matrix, int64_t k, double *values, double *vectors,
                 struct bl_error *err);

/* The orthogonal matrix nearest to a square one: U V' for matrix [k, k] = U diag V', written in its place. It
 * maximises trace(R' matrix) over orthogonal R (Schoenemann 1966). Errors: BL_MEMORY, BL_NUMBERS. */
int bl_orthogonal_factor(int64_t k, double *matrix, struct bl_error *err);

#endif

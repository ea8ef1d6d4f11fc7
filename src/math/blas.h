/* Matrix products through OpenBLAS: row-major, float, one size check in one place. */
#ifndef BL_MATH_BLAS_H
#define BL_MATH_BLAS_H

#include <stdint.h>

enum bl_transpose { BL_PLAIN, BL_TRANSPOSED };

/* Keeps OpenBLAS on one thread, since bitloom's own threads divide tiles and rows. Call once, first. */
void bl_blas_setup(void);

/* The kernel that OpenBLAS chose on this processor, e.g. "Haswell". A static string. */
const char *bl_blas_kernel(void);

/* OpenBLAS's version and how it was built, in its own words. Borrowed, static. */
const char *bl_blas_description(void);

/* C [m,n] = op(A) op(B), or C += op(A) op(B) if add, where op(A) is [m,k] and op(B) is [k,n]. lda, ldb and
 * ldc are the distances between rows in memory, in floats. m and k may exceed 2^31-1: they are split. m, n or
 * k may be 0. */
void bl_matmul(enum bl_transpose ta, enum bl_transpose tb, int64_t m, int64_t n, int64_t k, const float *a,
               int64_t lda, const float *b, int64_t ldb, int add, float *c, int64_t ldc);

#endif

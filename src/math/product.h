/* Matrix products with reproducible bits. Row-major, float.
 *
 * Every output is one chain of fused multiply-adds over ascending k:
 *   c = 0;  for k = 0, 1, ...:  c = fma(a_ik, b_kj, c)
 * So its bits don't depend on the number of rows in the batch, on tiles, threads, the width of vectors or a
 * library; OpenBLAS's bits depend on all of these. docs/decisions/0014 says why bitloom has a product of its
 * own and what it costs. */
#ifndef BL_MATH_PRODUCT_H
#define BL_MATH_PRODUCT_H

#include <stdint.h>

#include "base/error.h"
#include "math/blas.h"
#include "math/grid.h"

enum bl_product_kind {
    BL_PRODUCT_BLAS,  /* OpenBLAS's sgemm: bits depend on its kernel and on the shapes */
    BL_PRODUCT_CHAIN, /* chains as above, in the widest vectors that run here */
};

enum { BL_GROUPS_MAX = 4096 }; /* each doubling costs the grid (math/grid.h) one bit */

struct bl_product_kernel;

/* How products are computed, and their work space (1.6 MiB per thread). */
struct bl_product {
    enum bl_product_kind kind;
    int threads;
    const struct bl_product_kernel *kernel; /* of BL_PRODUCT_CHAIN */
    char name[64];                          /* "bitloom avx512", "OpenBLAS Haswell" */
    float *space;                           /* [threads, ...]; owned */
};

/* Allocates. Errors: BL_MEMORY. bl_product_free is safe twice. */
int bl_product_init(struct bl_product *product, enum bl_product_kind kind, int threads, struct bl_error *err);
void bl_product_free(struct bl_product *product);

/* The kernels of BL_PRODUCT_CHAIN that run on this processor, the widest first: number 0, 1, ... until NULL.
 * Tests set product->kernel to each. bl_product_level_name: "avx512", "avx2" or "portable". */
const struct bl_product_kernel *bl_product_level(int number);
const char *bl_product_level_name(const struct bl_product_kernel *kernel);

/* C [m,n] = op(A) op(B), or C += op(A) op(B) if add, where op(A) is [m,k] and op(B) is [k,n]; lda, ldb and
 * ldc are the distances between rows in memory, in floats. With add the chains start from C. m, n or k may be
 * 0. thread in [0, threads): whose work space is used. C must not overlap A or B. Allocates nothing. */
void bl_product_run(const struct bl_product *product, int thread, enum bl_transpose ta, enum bl_transpose tb,
                    int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                    int add, float *c, int64_t ldc);

/* The rows of a batch divided into groups. A group contributes one value to every sum over rows. */
struct bl_groups {
    int64_t first;      /* index of the first group within the global batch */
    int64_t n;          /* groups on this rank */
    const int64_t *end; /* [n] ascending: group g is rows [end[g-1], end[g]), with end[-1] = 0. Borrowed */
};

/* Weight gradients: C [m,n] = sum over groups g of A_g' B_g, where A_g and B_g are the group's rows of A
 * [rows, m] and B [rows, n]. C is overwritten; with groups->n = 0 it isn't touched.
 *   BL_PRODUCT_BLAS   takes all rows as one group and writes to->floats.
 *   BL_PRODUCT_CHAIN  computes one chain per group, adds the groups on the grid in to->integers and raises
 *                     *to->largest. If the scale turns out not to fit (bl_grid_fits) the integers are
 *                     undefined; *to->largest is still right.
 * ldc: distance between C's rows. */
void bl_product_groups(const struct bl_product *product, int thread, int64_t m, int64_t n, const float *a,
                       int64_t lda, const float *b, int64_t ldb, const struct bl_groups *groups,
                       const struct bl_grid_sums *to, int64_t ldc);

/* Bias gradients: C [n] = sum over groups of the column sums of B_g, in the same way. */
void bl_product_group_sums(const struct bl_product *product, int thread, int64_t n, const float *b,
                           int64_t ldb, const struct bl_groups *groups, const struct bl_grid_sums *to);

/* The definition by fmaf, element by element: the reference for tests. */
void bl_product_naive(enum bl_transpose ta, enum bl_transpose tb, int64_t m, int64_t n, int64_t k,
                      const float *a, int64_t lda, const float *b, int64_t ldb, int add, float *c,
                      int64_t ldc);

#endif

/* Matrix products that have the same bits whatever surrounds them.
 *
 * Every output is one chain of fused multiply-adds over ascending k, rounded once a step. So a row's bits
 * don't depend on how many rows stand around it, on tiles, threads, the width of the processor's vectors or
 * on any library; OpenBLAS's do depend on all of these. docs/decisions/0014 says why bitloom has a product of
 * its own and what it costs. Row-major, float. */
#ifndef BL_MATH_PRODUCT_H
#define BL_MATH_PRODUCT_H

#include <stdint.h>

#include "base/error.h"
#include "math/blas.h"
#include "math/grid.h"

enum bl_product_kind {
    BL_PRODUCT_BLAS,  /* OpenBLAS: as fast as it can, bits by kernel and shape */
    BL_PRODUCT_CHAIN, /* chains in the widest vectors that run here */
};

enum { BL_GROUPS_MAX = 4096 }; /* with more their sums on the grid would keep few bits */

struct bl_product_kernel;

/* How products are done, and their work space (1.6 MiB a thread). */
struct bl_product {
    enum bl_product_kind kind;
    int threads;
    const struct bl_product_kernel *kernel; /* of BL_PRODUCT_CHAIN */
    char name[64];                          /* "avx512 chains", "OpenBLAS Haswell" */
    float *space;                           /* [threads, ...]; owned */
};

/* Allocates. Errors: BL_MEMORY. bl_product_free is safe twice. */
int bl_product_init(struct bl_product *product, enum bl_product_kind kind, int threads, struct bl_error *err);
void bl_product_free(struct bl_product *product);

/* The levels of BL_PRODUCT_CHAIN that run here, the widest first: 0, 1, ... until NULL; for tests, which set
 * product->kernel to it. bl_product_level_name: "avx512", "avx2", "portable". */
const struct bl_product_kernel *bl_product_level(int number);
const char *bl_product_level_name(const struct bl_product_kernel *kernel);

/* C [m,n] = op(A) op(B), or C + op(A) op(B) if add; op(A) [m,k], op(B) [k,n]; ld* are the rows' lengths in
 * memory. With add a chain goes on from what stands in C. m, n or k may be 0. thread: the caller's place in
 * [0, threads), whose work space is used. C overlaps nothing. Allocates nothing. */
void bl_product_run(const struct bl_product *product, int thread, enum bl_transpose ta, enum bl_transpose tb,
                    int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b, int64_t ldb,
                    int add, float *c, int64_t ldc);

/* Rows of a batch in groups, each of which makes one value of every sum. */
struct bl_groups {
    int64_t first;      /* number of the first group among all of the global batch */
    int64_t n;          /* groups here */
    const int64_t *end; /* [n] group g is rows [end[g-1], end[g]), from 0; ascending. Borrowed */
};

/* C [m,n] = the sum over groups of their products A_g' B_g, where A [rows, m] and B [rows, n] have a row for
 * each row of the batch: weight gradients. C is set, whatever stood there; with groups->n = 0 nothing is
 * written. BL_PRODUCT_BLAS takes all rows as one group and writes to->floats. BL_PRODUCT_CHAIN makes one
 * chain a group, adds them on the grid in to->integers and raises *to->largest; if the scale doesn't fit
 * (bl_grid_fits) the integers are worthless, and that is all. ldc: of C's rows. */
void bl_product_groups(const struct bl_product *product, int thread, int64_t m, int64_t n, const float *a,
                       int64_t lda, const float *b, int64_t ldb, const struct bl_groups *groups,
                       const struct bl_grid_sums *to, int64_t ldc);

/* C [n] = the sum over groups of their column sums of B, likewise: bias gradients. */
void bl_product_group_sums(const struct bl_product *product, int thread, int64_t n, const float *b,
                           int64_t ldb, const struct bl_groups *groups, const struct bl_grid_sums *to);

/* The definition, for tests: one fmaf after another. */
void bl_product_naive(enum bl_transpose ta, enum bl_transpose tb, int64_t m, int64_t n, int64_t k,
                      const float *a, int64_t lda, const float *b, int64_t ldb, int add, float *c,
                      int64_t ldc);

#endif

/* Sums over rows of products of two columns, in fixed point, so that neither the order of the rows' blocks
 * nor the number of ranks changes a bit: covariances, cross products. docs/decisions/0016 says why. */
#ifndef BL_MATH_CROSS_H
#define BL_MATH_CROSS_H

#include <stdint.h>

#include "base/error.h"
#include "math/fixed.h"
#include "math/product.h"

/* Rows of a block: how long the float chains are whose results become integers. */
enum { BL_CROSS_BLOCK = 256 };

/* Work space: one band of rows of a product. */
struct bl_cross {
    const struct bl_product *product; /* BL_PRODUCT_CHAIN; borrowed */
    int64_t k;                        /* columns of the widest product */
    float *band;                      /* owned */
};

/* Allocates for products of up to k columns. Errors: BL_MEMORY. bl_cross_free is safe twice. */
int bl_cross_init(struct bl_cross *cross, const struct bl_product *product, int64_t k, struct bl_error *err);
void bl_cross_free(struct bl_cross *cross);

/* sums [m,k] += A'B of the block's rows A [n,m] and B [n,k], n <= BL_CROSS_BLOCK: one float chain each, then
 * fixed point. |sums| stay in range as fixed's bound promises; what isn't finite counts as 0. */
void bl_cross_add(const struct bl_cross *cross, int64_t n, int64_t m, int64_t k, const float *a,
                  const float *b, struct bl_fixed fixed, int64_t *sums);

/* The same for B = A [n,k], where the sums are symmetric: only columns j >= i of row i are valid, and no
 * others are touched outside of the bands of the diagonal. */
void bl_cross_add_square(const struct bl_cross *cross, int64_t n, int64_t k, const float *a,
                         struct bl_fixed fixed, int64_t *sums);

#endif

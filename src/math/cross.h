/* A'B summed over blocks of rows in fixed point, for covariances and cross products: neither the order of the
 * blocks nor the number of ranks changes a bit. docs/decisions/0016 says why. */
#ifndef BL_MATH_CROSS_H
#define BL_MATH_CROSS_H

#include <stdint.h>

#include "base/error.h"
#include "math/fixed.h"
#include "math/product.h"

/* Rows of a block: the length of the float sums that are then rounded to integers. And rows of A'B that are
 * computed at a time. */
enum { BL_CROSS_BLOCK = 256, BL_CROSS_BAND = 96 };

/* Work space for one band of rows of a product. */
struct bl_cross {
    const struct bl_product *product; /* BL_PRODUCT_CHAIN; borrowed */
    int64_t k;                        /* columns of the widest product */
    float *band;                      /* owned */
};

/* Allocates for products of up to k columns. Errors: BL_MEMORY. bl_cross_free is safe twice. */
int bl_cross_init(struct bl_cross *cross, const struct bl_product *product, int64_t k, struct bl_error *err);
void bl_cross_free(struct bl_cross *cross);

/* sums [m,k] += A'B for one block, A [n,m] and B [n,k], n <= BL_CROSS_BLOCK: each product is one chain of
 * fused multiply-adds in float, then rounded to fixed point. The caller's bound for `fixed` keeps sums in
 * range; products that aren't finite count as 0. */
void bl_cross_add(const struct bl_cross *cross, int64_t n, int64_t m, int64_t k, const float *a,
                  const float *b, struct bl_fixed fixed, int64_t *sums);

/* The same for B = A [n,k], where A'A is symmetric: only elements j >= i of row i are valid. Below the
 * diagonal only what shares a band with it is written. */
void bl_cross_add_square(const struct bl_cross *cross, int64_t n, int64_t k, const float *a,
                         struct bl_fixed fixed, int64_t *sums);

#endif

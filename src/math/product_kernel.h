/* What bl_product asks of a level of the processor: a register tile. Private to
 * product*.c. */
#ifndef BL_MATH_PRODUCT_KERNEL_H
#define BL_MATH_PRODUCT_KERNEL_H

#include <stdint.h>

#include "math/tree.h"

/* Where a tile's chains begin and what becomes of them. Strides are floats between rows. */
struct bl_tile_ends {
    const float *from; /* the chains' values so far; NULL: 0 */
    int64_t from_stride;
    int n_pending; /* partial sums to add on the left, nearest first */
    const float *pending[BL_TREE_SLOTS_MAX];
    int64_t pending_stride[BL_TREE_SLOTS_MAX];
    float *to;
    int64_t to_stride;
};

struct bl_product_kernel {
    const char *name;
    int rows, columns; /* of a full tile */
    int (*runs_here)(void);

    /* The first n <= rows rows and all columns of a tile: for k = 0 .. kc-1 ascending, c = fma(a, b, c), from
     * packed a [kc, rows] and b [kc, columns]. Reads and
     * writes nothing of other rows. */
    void (*tile)(int n, int64_t kc, const float *a, const float *b, const struct bl_tile_ends *ends);
};

extern const struct bl_product_kernel bl_product_avx512, bl_product_avx2, bl_product_portable;

/* runs_here of a level that this kind of processor doesn't have. */
static inline int bl_product_never(void)
{
    return 0;
}

/* to[k * width + i] = from[i * stride + k] for i < n, k < kc. */
void bl_product_transpose(int64_t n, int64_t kc, const float *from, int64_t stride, float *to, int64_t width);

#endif

/* What bl_product needs for each instruction set: a register tile. And the packing of what tiles read.
 * Private to product*.c. */
#ifndef BL_MATH_PRODUCT_KERNEL_H
#define BL_MATH_PRODUCT_KERNEL_H

#include <stdint.h>

/* The largest of all kernels: columns of a tile, and numbers in one. */
enum { BL_TILE_COLUMNS_MAX = 32, BL_TILE_NUMBERS_MAX = 384 };

/* Where a tile's chains start from and where results go. Strides: distances between rows, in numbers. */
struct bl_tile_ends {
    const float *from; /* the chains' values so far; NULL: start at 0 */
    int64_t from_stride;
    float *to; /* where results are stored; NULL: round(result * scale) goes to sums (math/grid.h) */
    int64_t to_stride;
    int32_t *sums;
    int64_t sums_stride;
    int set; /* 1: sums are set; 0: added to */
    float scale;
    uint32_t *largest; /* [columns] raised to the bits of each column's largest |result| */
};

struct bl_product_kernel {
    const char *name;
    int rows, columns; /* of a full tile */
    int (*runs_here)(void);

    /* The first n <= rows rows and all columns of a tile: c_ij = fma(a_ki, b_kj, c_ij) for k = 0 .. kc-1
     * ascending, from packed a [kc, rows] and b, whose rows k of `columns` floats are b_stride apart (packed:
     * columns). Results of other rows are neither read nor written. */
    void (*tile)(int n, int64_t kc, const float *a, const float *b, int64_t b_stride,
                 const struct bl_tile_ends *ends);

    /* to[k * width + i] = from[i * stride + k] for i < n, k < kc. */
    void (*transpose)(int64_t n, int64_t kc, const float *from, int64_t stride, float *to, int64_t width);
};

/* That of every kernel without one of its own. */
void bl_product_transpose(int64_t n, int64_t kc, const float *from, int64_t stride, float *to, int64_t width);

extern const struct bl_product_kernel bl_product_avx512, bl_product_avx2, bl_product_portable;

/* runs_here of kernels for another architecture. */
static inline int bl_product_never(void)
{
    return 0;
}

/* Block sizes, after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34,
 * 2008: packed B stays in cache for all rows of A, and a block of packed A in the second-level cache. ROWS
 * and COLUMNS are multiples of every kernel's tile. SPACE: a thread's work space, in floats. */
enum {
    BL_PRODUCT_DEPTH = 256,   /* kc */
    BL_PRODUCT_ROWS = 384,    /* mc */
    BL_PRODUCT_COLUMNS = 512, /* nc */
    BL_PRODUCT_SPACE_A = BL_PRODUCT_ROWS * BL_PRODUCT_DEPTH,
    BL_PRODUCT_SPACE_B = BL_PRODUCT_COLUMNS * BL_PRODUCT_DEPTH,
    BL_PRODUCT_SPACE_CHAINS = BL_PRODUCT_ROWS * BL_PRODUCT_COLUMNS,
    BL_PRODUCT_SPACE = BL_PRODUCT_SPACE_A + BL_PRODUCT_SPACE_B + BL_PRODUCT_SPACE_CHAINS
};

/* Packs op(X) [n, kc] in slices of `width` rows, each as [kc, width], with 0 beyond row n. across: X is
 * stored [kc, n], so that slices are copied; otherwise X is stored [n, kc] and they are transposed. */
void bl_product_pack(const struct bl_product_kernel *kernel, int across, int64_t n, int64_t kc,
                     const float *x, int64_t ld, int width, float *to);

/* to [rows, columns] = from, of 4-byte numbers, with strides between rows. For tiles at the right edge, which
 * are computed in copies of full width. */
void bl_product_copy(int rows, int columns, const void *from, int64_t from_stride, void *to,
                     int64_t to_stride);

#endif

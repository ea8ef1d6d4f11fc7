/* What bl_product asks of a level of the processor: a register tile; and the packing of what tiles read.
 * Private to product*.c. */
#ifndef BL_MATH_PRODUCT_KERNEL_H
#define BL_MATH_PRODUCT_KERNEL_H

#include <stdint.h>

/* Of any kernel. */
enum { BL_TILE_COLUMNS_MAX = 32, BL_TILE_NUMBERS_MAX = 384 };

/* Where a tile's chains begin and what becomes of them. Strides are numbers between rows. */
struct bl_tile_ends {
    const float *from; /* the chains' values so far; NULL: 0 */
    int64_t from_stride;
    float *to; /* where they are put; NULL: they go to sums, on the grid (math/grid.h) */
    int64_t to_stride;
    int32_t *sums;
    int64_t sums_stride;
    int set; /* 0: sums are added to */
    float scale;
    uint32_t *largest; /* [columns] bits of the largest |value| of each column: raised */
};

struct bl_product_kernel {
    const char *name;
    int rows, columns; /* of a full tile */
    int (*runs_here)(void);

    /* The first n <= rows rows and all columns of a tile: for k = 0 .. kc-1 ascending, c = fma(a, b, c), from
     * packed a [kc, rows] and b [kc, columns]. Reads and writes nothing of other rows. */
    void (*tile)(int n, int64_t kc, const float *a, const float *b, const struct bl_tile_ends *ends);
};

extern const struct bl_product_kernel bl_product_avx512, bl_product_avx2, bl_product_portable;

/* runs_here of a level that this kind of processor doesn't have. */
static inline int bl_product_never(void)
{
    return 0;
}

/* Blocks after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34,
 * 2008: packed B stays near for all rows, a block of packed A in the second cache. Rows and columns are
 * multiples of every kernel's tile. The other numbers are of floats: a thread's work space. */
enum {
    BL_PRODUCT_DEPTH = 256,
    BL_PRODUCT_ROWS = 384,
    BL_PRODUCT_COLUMNS = 512,
    BL_PRODUCT_SPACE_A = BL_PRODUCT_ROWS * BL_PRODUCT_DEPTH,
    BL_PRODUCT_SPACE_B = BL_PRODUCT_COLUMNS * BL_PRODUCT_DEPTH,
    BL_PRODUCT_SPACE_CHAINS = BL_PRODUCT_ROWS * BL_PRODUCT_COLUMNS,
    BL_PRODUCT_SPACE = BL_PRODUCT_SPACE_A + BL_PRODUCT_SPACE_B + BL_PRODUCT_SPACE_CHAINS
};

/* Slices of `width` rows of op(X) [n, kc], each packed as [kc, width]; lanes beyond n are 0. `across`: the n
 * index runs along X's rows in memory, so that slices are copied, not transposed. */
void bl_product_pack(int across, int64_t n, int64_t kc, const float *x, int64_t ld, int width, float *to);

/* to [rows, columns] = from, both of 4-byte numbers with strides between rows: for tiles at the right edge,
 * where what would reach beyond the matrix goes through copies of full width. */
void bl_product_copy(int rows, int columns, const void *from, int64_t from_stride, void *to,
                     int64_t to_stride);

static inline int64_t bl_product_at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif

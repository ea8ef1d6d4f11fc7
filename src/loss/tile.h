/* Tiles of pairs: large enough for the matrix product, small enough to stay in cache. */
#ifndef BL_LOSS_TILE_H
#define BL_LOSS_TILE_H

#include <omp.h>
#include <stdint.h>

enum {
    BL_TILE_ROWS = 128,
    BL_TILE_COLUMNS = 1024,
    BL_TILE_STRIDE = BL_TILE_COLUMNS + 16, /* rows 4 KiB apart would fall into the same cache sets */
    BL_TILE_FLOATS = (BL_TILE_ROWS + 1) * BL_TILE_STRIDE, /* a tile, and one row of factors of own codes */
};

/* Bits of a code that terms take at a time: scatter its sums in registers, centers the factors of one logarithm (the
 * product of so many is still a normal double). */
enum { BL_SCATTER_BITS = 64, BL_CENTERS_BITS = 32 };

static inline int bl_tile_thread(void)
{
    return omp_get_thread_num();
}

#endif

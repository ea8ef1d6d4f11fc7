/* The tiles in which pairs are visited: large enough for the matrix product, small enough to stay in cache.
 */
#ifndef BL_LOSS_TILE_H
#define BL_LOSS_TILE_H

#include <omp.h>
#include <stdint.h>

enum {
    BL_TILE_ROWS = 128,
    BL_TILE_COLUMNS = 1024,
    BL_TILE_FLOATS =
        (BL_TILE_ROWS + 2) * BL_TILE_COLUMNS, /* a tile, one row of similarities, one of factors */
};

static inline int bl_tile_thread(void)
{
    return omp_get_thread_num();
}

#endif

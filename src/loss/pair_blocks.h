/* Which pairs of rows each holder visits, when several holders have neighbouring parts of the batch's rows
 * and every unordered pair of these is visited once.
 *
 * The rows of each part are cut into blocks of up to BL_TILE_ROWS. The blocks of all parts form a circle;
 * each block is paired with itself and with the half of the other blocks that follows it. So all holders have
 * about the same work, and each needs the columns of one run of blocks only. Of two blocks opposite each
 * other, the first visits their pairs if its number is even. */
#ifndef BL_LOSS_PAIR_BLOCKS_H
#define BL_LOSS_PAIR_BLOCKS_H

#include <stdint.h>

#include "base/error.h"

struct bl_pair_blocks {
    int64_t n;
    int64_t *begin;             /* [n + 1] rows of the batch, from the circle's first; owned */
    int64_t own_first, own_end; /* blocks [own_first, own_end) are the caller's */
};

/* Part p has the rows [rows[p], rows[p+1]); `own` is the caller's. Errors: BL_MEMORY.
 * bl_pair_blocks_free is safe twice. */
int bl_pair_blocks_init(struct bl_pair_blocks *blocks, const int64_t *rows, int n_parts, int own,
                        struct bl_error *err);
void bl_pair_blocks_free(struct bl_pair_blocks *blocks);

/* How many blocks a part of so many rows has. */
int64_t bl_pair_blocks_of(int64_t rows);

/* With how many of the blocks that follow it `block` is paired, in a circle of n. */
int64_t bl_pair_following(int64_t n, int64_t block);

/* Whether a block of [from, from_end) in a circle of n is paired with one of the others in [to, to_end). */
int bl_pair_reaches(int64_t n, int64_t from, int64_t from_end, int64_t to, int64_t to_end);

#endif

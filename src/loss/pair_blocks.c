#include "loss/pair_blocks.h"

#include "base/buffer.h"
#include "loss/tile.h"

int64_t bl_pair_blocks_of(int64_t rows)
{
    return (rows + BL_TILE_ROWS - 1) / BL_TILE_ROWS;
}

int bl_pair_blocks_init(struct bl_pair_blocks *blocks, const int64_t *rows, int n_parts, int own,
                        struct bl_error *err)
{
    *blocks = (struct bl_pair_blocks){0};
    for (int p = 0; p < n_parts; p++)
        blocks->n += bl_pair_blocks_of(rows[p + 1] - rows[p]);
    int code = bl_alloc(&blocks->begin, blocks->n + 1, sizeof *blocks->begin, "blocks of rows", err);
    if (code != BL_OK)
        return code;
    int64_t at = 0;
    for (int p = 0; p < n_parts; p++) {
        if (p == own)
            blocks->own_first = at;
        for (int64_t row = rows[p]; row < rows[p + 1]; row += BL_TILE_ROWS)
            blocks->begin[at++] = row;
        if (p == own)
            blocks->own_end = at;
    }
    blocks->begin[at] = rows[n_parts];
    return BL_OK;
}

void bl_pair_blocks_free(struct bl_pair_blocks *blocks)
{
    bl_free(&blocks->begin);
    blocks->n = 0;
}

int64_t bl_pair_following(int64_t n, int64_t block)
{
    const int64_t half = n / 2;
    if (n % 2 != 0)
        return half;
    const int is_first = block < half, is_even = block % half % 2 == 0;
    return half - (is_first != is_even);
}

int bl_pair_reaches(int64_t n, int64_t from, int64_t from_end, int64_t to, int64_t to_end)
{
    for (int64_t block = from; block < from_end && to < to_end; block++) {
        const int64_t first = block + 1, end = first + bl_pair_following(n, block);
        if ((to < end && first < to_end) || (to + n < end && first < to_end + n))
            return 1;
    }
    return 0;
}

#include "data/windows.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/minmax.h"
#include "base/rng.h"

int bl_windows_init(struct bl_windows *windows, const struct bl_shard *shard, int64_t rows_per_block,
                    int64_t blocks_per_window, struct bl_error *err)
{
    const int64_t first = shard->train[0] / rows_per_block;
    const int64_t n = shard->train[shard->n_train - 1] / rows_per_block - first + 1;
    *windows = (struct bl_windows){.shard = shard,
                                   .rows_per_block = rows_per_block,
                                   .blocks_per_window = bl_min(blocks_per_window, n),
                                   .first_block = first,
                                   .n_blocks = n};
    windows->n_windows = (n + windows->blocks_per_window - 1) / windows->blocks_per_window;
    windows->max_rows = bl_min(windows->blocks_per_window * rows_per_block, shard->n_train);
    return bl_alloc(&windows->block, n, sizeof *windows->block, "the order of a shard's blocks", err);
}

void bl_windows_free(struct bl_windows *windows)
{
    bl_free(&windows->block);
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void swap(int64_t *values, int64_t i, int64_t j)
{
    const int64_t kept = values[i];
    values[i] = values[j];
    values[j] = kept;
}

void bl_windows_shuffle(struct bl_windows *windows, uint64_t seed, int64_t epoch)
{
    int64_t *block = windows->block;
    for (int64_t i = 0; i < windows->n_blocks; i++)
        block[i] = windows->first_block + i;
    for (int64_t i = windows->n_blocks - 1; i > 0; i--)
        swap(block, i,
             (int64_t)bl_rng_below(seed, BL_STREAM_BLOCKS, (uint64_t)epoch, (uint64_t)windows->shard->index,
                                   (uint64_t)i, (uint64_t)i + 1));
    for (int64_t w = 0; w < windows->n_windows; w++) { /* blocks ascend within a window, as they are read */
        const int64_t *first;
        const int64_t n = bl_windows_blocks(windows, w, &first);
        qsort(block + (first - block), (size_t)n, sizeof *block, ascending);
    }
}

int64_t bl_windows_blocks(const struct bl_windows *windows, int64_t w, const int64_t **block)
{
    const int64_t at = w * windows->blocks_per_window;
    *block = windows->block + at;
    return bl_min(windows->blocks_per_window, windows->n_blocks - at);
}

/* The number of training rows before a file row. */
static int64_t rows_before(const struct bl_shard *shard, int64_t row)
{
    int64_t lo = 0, hi = shard->n_train;
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (shard->train[middle] < row)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

int64_t bl_windows_block_rows(const struct bl_windows *windows, int64_t block, const int64_t **row)
{
    const int64_t lo = rows_before(windows->shard, block * windows->rows_per_block);
    const int64_t hi = rows_before(windows->shard, (block + 1) * windows->rows_per_block);
    *row = windows->shard->train + lo;
    return hi - lo;
}

int64_t bl_windows_rows(const struct bl_windows *windows, int64_t w)
{
    const int64_t *block, *row;
    const int64_t n_blocks = bl_windows_blocks(windows, w, &block);
    int64_t n = 0;
    for (int64_t b = 0; b < n_blocks; b++)
        n += bl_windows_block_rows(windows, block[b], &row);
    return n;
}

int64_t bl_windows_order(const struct bl_windows *windows, uint64_t seed, int64_t epoch, int64_t w,
                         int64_t begin, int64_t *rows, int64_t *place)
{
    const int64_t *block, *row;
    const int64_t n_blocks = bl_windows_blocks(windows, w, &block), n = bl_windows_rows(windows, w);
    for (int64_t i = 0; i < n; i++)
        rows[i] = i; /* index among the window's rows, block by block */
    for (int64_t i = n - 1; i > 0; i--)
        swap(rows, i,
             (int64_t)bl_rng_below(seed, BL_STREAM_BATCH, (uint64_t)epoch, (uint64_t)windows->shard->index,
                                   (uint64_t)(begin + i), (uint64_t)i + 1));
    for (int64_t i = 0; i < n; i++) /* place is the inverse permutation */
        place[rows[i]] = i;
    for (int64_t b = 0, at = 0; b < n_blocks; b++) {
        const int64_t in_block = bl_windows_block_rows(windows, block[b], &row);
        for (int64_t i = 0; i < in_block; i++, at++)
            rows[place[at]] = row[i];
    }
    return n;
}

/* The order of a shard whose rows come from a file while they are trained on: blocks of the file in random
 * order, and rows in random order within a window of some blocks. A function of shard, shape of the file,
 * window, seed and epoch, never of the number of ranks. With one window it is the order of bl_shard_shuffle.
 *
 * An epoch permutes the blocks by Fisher-Yates with counter (BL_STREAM_BLOCKS, epoch, shard, index). Window w
 * is the blocks at places [w * blocks_per_window, (w + 1) * blocks_per_window) of that permutation; its
 * training rows, ascending, are shuffled by Fisher-Yates with counter (BL_STREAM_BATCH, epoch, shard, place
 * in the epoch). */
#ifndef BL_DATA_WINDOWS_H
#define BL_DATA_WINDOWS_H

#include "data/shards.h"

struct bl_windows {
    const struct bl_shard *shard; /* borrowed */
    int64_t rows_per_block;       /* block b is file rows [b * rows_per_block, (b + 1) * rows_per_block) */
    int64_t blocks_per_window;
    int64_t first_block, n_blocks; /* those that hold rows of the shard */
    int64_t n_windows;
    int64_t max_rows; /* no window has more training rows */
    int64_t *block;   /* [n_blocks] the epoch's windows, each with its blocks ascending; owned */
};

/* For a shard with training rows, which stays as it is. Allocates; bl_windows_free is safe twice. Errors:
 * BL_MEMORY. */
int bl_windows_init(struct bl_windows *windows, const struct bl_shard *shard, int64_t rows_per_block,
                    int64_t blocks_per_window, struct bl_error *err);
void bl_windows_free(struct bl_windows *windows);

/* Sets the blocks of an epoch's windows. */
void bl_windows_shuffle(struct bl_windows *windows, uint64_t seed, int64_t epoch);

/* The blocks of window w: returns their number, sets *block to the first. */
int64_t bl_windows_blocks(const struct bl_windows *windows, int64_t w, const int64_t **block);

/* The training rows of one block: returns their number, sets *row to the first; they ascend. */
int64_t bl_windows_block_rows(const struct bl_windows *windows, int64_t block, const int64_t **row);

/* The number of training rows in window w. */
int64_t bl_windows_rows(const struct bl_windows *windows, int64_t w);

/* Window w, which begins at place `begin` of the epoch's order: rows [n] file rows in that order, place [n]
 * where in it each of the window's rows, taken block by block, stands. Returns n = bl_windows_rows. */
int64_t bl_windows_order(const struct bl_windows *windows, uint64_t seed, int64_t epoch, int64_t w,
                         int64_t begin, int64_t *rows, int64_t *place);

#endif

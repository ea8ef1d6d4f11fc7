/* The order of rows that are streamed from a file: its blocks in random order, and rows in random order
 * within a window of some blocks. A function of shard, block size, window, seed and epoch, never of the
 * number of ranks. With one window it is the order of bl_shard_shuffle.
 *
 * Each epoch permutes the blocks (Fisher-Yates, random numbers (BL_STREAM_BLOCKS, epoch, shard, index)).
 * Window w is blocks [w * blocks_per_window, (w + 1) * blocks_per_window) of that permutation. Its training
 * rows, ascending, are permuted in turn (Fisher-Yates, (BL_STREAM_BATCH, epoch, shard, position in the
 * epoch)). */
#ifndef BL_DATA_WINDOWS_H
#define BL_DATA_WINDOWS_H

#include "data/shards.h"

struct bl_windows {
    const struct bl_shard *shard; /* borrowed */
    int64_t rows_per_block;       /* block b is file rows [b * rows_per_block, (b + 1) * rows_per_block) */
    int64_t blocks_per_window;
    int64_t first_block, n_blocks; /* blocks with rows of the shard */
    int64_t n_windows;
    int64_t max_rows; /* the most training rows that a window can have */
    int64_t *block;   /* [n_blocks] the epoch's blocks, window by window, ascending within each; owned */
};

/* For a shard with training rows, which must not change. bl_windows_free is safe twice. Errors: BL_MEMORY. */
int bl_windows_init(struct bl_windows *windows, const struct bl_shard *shard, int64_t rows_per_block,
                    int64_t blocks_per_window, struct bl_error *err);
void bl_windows_free(struct bl_windows *windows);

/* Sets block for an epoch. */
void bl_windows_shuffle(struct bl_windows *windows, uint64_t seed, int64_t epoch);

/* The blocks of window w: returns their number and points *block at the first. */
int64_t bl_windows_blocks(const struct bl_windows *windows, int64_t w, const int64_t **block);

/* The training rows of one block, ascending: returns their number and points *row at the first. */
int64_t bl_windows_block_rows(const struct bl_windows *windows, int64_t block, const int64_t **row);

/* The number of training rows in window w. */
int64_t bl_windows_rows(const struct bl_windows *windows, int64_t w);

/* The order of window w, which starts at position `begin` of the epoch. rows [n]: its file rows in that
 * order. place [n]: the position in rows of each of the window's rows, taken block by block, as they are
 * read. Returns n = bl_windows_rows. */
int64_t bl_windows_order(const struct bl_windows *windows, uint64_t seed, int64_t epoch, int64_t w,
                         int64_t begin, int64_t *rows, int64_t *place);

#endif

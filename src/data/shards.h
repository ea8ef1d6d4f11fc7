/* Logical shards: how the train split is cut, which rows are held out, and which rows make a step. All of it
 * is a function of rows, shard count and seeds, never of the number of ranks. */
#ifndef BL_DATA_SHARDS_H
#define BL_DATA_SHARDS_H

#include <stdint.h>

#include "base/error.h"

/* Shard s of `shards` is file rows [bl_shard_begin(rows, shards, s), bl_shard_begin(rows, shards, s + 1)). */
int64_t bl_shard_begin(int64_t rows, int64_t shards, int64_t s);

/* Rows held out of the whole split, and the part of them that shard s gives. */
int64_t bl_validation_rows(int64_t rows, double share);
int64_t bl_validation_rows_of(int64_t rows, double share, int64_t shards, int64_t s);

/* One shard's rows: which are trained on, which are held out, and the order of this epoch. */
struct bl_shard {
    int64_t index;
    int64_t n_train, n_validation;
    int64_t *train;      /* [n_train] file rows, ascending; owned */
    int64_t *validation; /* [n_validation] file rows, ascending; owned */
    int64_t *order;      /* [n_train] file rows in the order of the epoch last shuffled for, or NULL; owned */
};

/* Cuts shard `index` with file rows [row_lo, row_hi): the n_validation rows with the smallest Philox(seed,
 * row) keys are held out (ties by row), the others are trained on. `ordered`: with room for an order.
 * Allocates; bl_shard_free is safe twice. Errors: BL_MEMORY. */
int bl_shard_init(struct bl_shard *shard, int64_t index, int64_t row_lo, int64_t row_hi, int64_t n_validation,
                  uint64_t seed, int ordered, struct bl_error *err);

/* Takes the rows with bad[row - row_lo] != 0 out of both parts. */
void bl_shard_drop(struct bl_shard *shard, const uint8_t *bad, int64_t row_lo);
void bl_shard_free(struct bl_shard *shard);

/* Sets order for an epoch: Fisher-Yates with counter (BL_STREAM_BATCH, epoch, shard, index). The shard has
 * room for one. */
void bl_shard_shuffle(struct bl_shard *shard, uint64_t seed, int64_t epoch);

#endif

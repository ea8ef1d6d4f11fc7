/* Logical shards: how the train split is divided, which rows are held out for validation, and in which order
 * rows are trained on. All of it is a function of rows, number of shards and seed, never of the number of
 * ranks. */
#ifndef BL_DATA_SHARDS_H
#define BL_DATA_SHARDS_H

#include <stdint.h>

#include "base/error.h"

/* Shard s of `shards` is file rows [bl_shard_begin(rows, shards, s), bl_shard_begin(rows, shards, s + 1)). */
int64_t bl_shard_begin(int64_t rows, int64_t shards, int64_t s);

/* Rows held out of the whole split, share * rows rounded; and how many of them are shard s's. */
int64_t bl_validation_rows(int64_t rows, double share);
int64_t bl_validation_rows_of(int64_t rows, double share, int64_t shards, int64_t s);

/* The rows of one shard. */
struct bl_shard {
    int64_t index;
    int64_t n_train, n_validation;
    int64_t *train;      /* [n_train] file rows, ascending; owned */
    int64_t *validation; /* [n_validation] file rows, ascending; owned */
    int64_t *order;      /* [n_train] file rows in the order of the current epoch, or NULL; owned */
};

/* Divides shard `index`, file rows [row_lo, row_hi): the n_validation rows with the smallest keys
 * Philox(seed, row), ties by row, are held out, the others are trained on. `ordered`: allocate order too.
 * bl_shard_free is safe twice. Errors: BL_MEMORY. */
int bl_shard_init(struct bl_shard *shard, int64_t index, int64_t row_lo, int64_t row_hi, int64_t n_validation,
                  uint64_t seed, int ordered, struct bl_error *err);

/* Removes the rows with bad[row - row_lo] != 0 from both parts. */
void bl_shard_drop(struct bl_shard *shard, const uint8_t *bad, int64_t row_lo);
void bl_shard_free(struct bl_shard *shard);

/* Sets order, which must be allocated, for an epoch: a Fisher-Yates shuffle of train with random numbers
 * (BL_STREAM_BATCH, epoch, shard, index). */
void bl_shard_shuffle(struct bl_shard *shard, uint64_t seed, int64_t epoch);

#endif

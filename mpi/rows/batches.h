/* How the batches of an epoch lie: arithmetic, the same on all ranks. */
#ifndef PAR_ROWS_BATCHES_H
#define PAR_ROWS_BATCHES_H

#include <stdint.h>

#include "base/error.h"

/* A batch is rows of every shard, shard after shard. */
struct batches {
    int64_t rows_per_shard; /* 0: all training rows of every shard (global_batch: full) */
    int64_t steps_per_epoch;
    int64_t n_global; /* rows of a batch */
};

/* For `shards` shards of n_train training rows together, n_least in the smallest. global_batch 0: full.
 * Errors: BL_USAGE when the batch doesn't divide by the shards or a shard has too few rows. */
int batches_plan(struct batches *batches, int64_t shards, int64_t n_train, int64_t n_least,
                 int64_t global_batch, struct bl_error *err);

/* Rows of a batch that a shard of n_train training rows brings. */
int64_t batches_rows_of(const struct batches *batches, int64_t n_train);

#endif

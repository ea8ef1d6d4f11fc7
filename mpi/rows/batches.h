/* How many rows of each shard make up a batch, and how many batches an epoch has. */
#ifndef PAR_ROWS_BATCHES_H
#define PAR_ROWS_BATCHES_H

#include "mpi/rows/train_data.h"

/* A batch consists of rows_per_shard rows of each shard, in the order of shards. */
struct par_batches {
    int64_t rows_per_shard; /* 0: all training rows of every shard (global_batch: full) */
    int64_t steps_per_epoch;
    int64_t n_global, n_local, n_local_max; /* rows of a batch: in all, on this rank, most on any rank */
};

/* Fills *batches. Collective. Errors, the same on all ranks because the numbers that decide are: BL_USAGE
 * the batch isn't a multiple of the shards, or a shard has too few rows. */
int par_batches_plan(struct par_batches *batches, struct par par, const struct par_train_data *data,
                     int64_t global_batch, struct bl_error *err);

#endif

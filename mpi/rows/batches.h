/* How the batches of an epoch lie. */
#ifndef PAR_ROWS_BATCHES_H
#define PAR_ROWS_BATCHES_H

#include "mpi/rows/train_data.h"

/* Shard after shard, `rows_per_shard` rows of each. */
struct par_batches {
    int64_t rows_per_shard; /* 0: all training rows of every shard (global_batch: full) */
    int64_t steps_per_epoch;
    int64_t n_global, n_local, n_local_max;
};

/* Errors: BL_USAGE when the batch doesn't divide by the shards or a shard has too few rows; agreed by
 * construction (the arguments that decide are the same everywhere). Collective. */
int par_batches_plan(struct par_batches *batches, struct par par, const struct par_train_data *data,
                     int64_t global_batch, struct bl_error *err);

#endif

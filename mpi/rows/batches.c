#include "mpi/rows/batches.h"

#include <inttypes.h>

#include "base/count.h"
#include "mpi/ranks/reduce.h"

int par_batches_plan(struct par_batches *batches, struct par par, const struct par_train_data *data,
                     int64_t global_batch, struct bl_error *err)
{
    const int64_t own_shards = data->shard_hi - data->shard_lo;
    *batches = (struct par_batches){0};
    if (global_batch == 0) { /* full: one step an epoch with all rows */
        batches->steps_per_epoch = 1;
        batches->n_global = data->n_train_global;
        for (int64_t s = 0; s < own_shards; s++)
            batches->n_local += data->shard[s].n_train;
        if (data->shard_rows_min < 1 || batches->n_global < 2)
            return bl_fail(err, BL_USAGE, "a shard has no training rows; lower data.shards");
    } else {
        /* Every shard gives equally many rows to a batch, so that the batch doesn't depend on the ranks. */
        int64_t below = global_batch / data->shards * data->shards;
        if (below != global_batch)
            return bl_fail(err, BL_USAGE,
                           "train.global_batch = %" PRId64 " is not a multiple of data.shards = %" PRId64
                           "; the nearest are %" PRId64 " and %" PRId64,
                           global_batch, data->shards, below ? below : data->shards, below + data->shards);
        batches->rows_per_shard = global_batch / data->shards;
        /* As many steps as the smallest shard has rows for; which rows are left over changes each epoch. */
        batches->steps_per_epoch = data->shard_rows_min / batches->rows_per_shard;
        batches->n_global = global_batch;
        batches->n_local = batches->rows_per_shard * own_shards;
        if (batches->steps_per_epoch == 0)
            return bl_fail(err, BL_USAGE,
                           "train.global_batch = %" PRId64
                           " needs %s of each shard and the smallest of %" PRId64 " has %" PRId64
                           " (%s in all); lower train.global_batch or data.shards",
                           global_batch, bl_count(batches->rows_per_shard, "training row").text, data->shards,
                           data->shard_rows_min, bl_count(data->n_train_global, "row").text);
    }
    batches->n_local_max = par_max_integer(par, batches->n_local);
    return BL_OK;
}

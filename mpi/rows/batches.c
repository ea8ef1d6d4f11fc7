#include "mpi/rows/batches.h"

#include <inttypes.h>

#include "base/count.h"

static int plan_full(struct batches *batches, int64_t n_train, int64_t n_least, struct bl_error *err)
{
    *batches = (struct batches){.steps_per_epoch = 1, .n_global = n_train};
    if (n_least < 1 || n_train < 2)
        return bl_fail(err, BL_USAGE, "a shard has no training rows; lower data.shards");
    return BL_OK;
}

int batches_plan(struct batches *batches, int64_t shards, int64_t n_train, int64_t n_least,
                 int64_t global_batch, struct bl_error *err)
{
    if (global_batch == 0)
        return plan_full(batches, n_train, n_least, err);
    const int64_t below = global_batch / shards * shards;
    if (below != global_batch)
        return bl_fail(err, BL_USAGE,
                       "train.global_batch = %" PRId64 " is not a multiple of data.shards = %" PRId64
                       "; the nearest are %" PRId64 " and %" PRId64,
                       global_batch, shards, below ? below : shards, below + shards);
    const int64_t each = global_batch / shards;
    *batches =
        (struct batches){.rows_per_shard = each, .steps_per_epoch = n_least / each, .n_global = global_batch};
    if (batches->steps_per_epoch == 0)
        return bl_fail(err, BL_USAGE,
                       "train.global_batch = %" PRId64 " needs %s of each shard and the smallest of %" PRId64
                       " has %" PRId64 " (%s in all); lower train.global_batch or data.shards",
                       global_batch, bl_count(each, "training row").text, shards, n_least,
                       bl_count(n_train, "row").text);
    return BL_OK;
}

int64_t batches_rows_of(const struct batches *batches, int64_t n_train)
{
    return batches->rows_per_shard > 0 ? batches->rows_per_shard : n_train;
}

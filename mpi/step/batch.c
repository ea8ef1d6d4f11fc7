#include "mpi/step/batch.h"

#include <string.h>

#include "base/buffer.h"
#include "mpi/ranks/agree.h"

static int64_t own_shards(const struct par_batch *batch)
{
    return batch->data->shard_hi - batch->data->shard_lo;
}

static int count_rows(struct par_batch *batch, struct bl_error *err)
{
    const int64_t n = own_shards(batch);
    int code = bl_alloc(&batch->shard_rows, n, sizeof *batch->shard_rows, "rows of shards", err);
    for (int64_t s = 0; s < n && code == BL_OK; s++) {
        batch->shard_rows[s] = batches_rows_of(batch->batches, batch->data->shard[s].n_train);
        batch->n_local += batch->shard_rows[s];
    }
    return code;
}

static int allocate(struct par_batch *batch, struct bl_error *err)
{
    const int64_t n = batch->n_local;
    int code = bl_alloc(&batch->rows, n, sizeof *batch->rows, "row numbers of the batch", err);
    if (code == BL_OK)
        code = bl_alloc(&batch->labels, n * batch->data->labels.words, sizeof *batch->labels,
                        "labels of the batch", err);
    if (code == BL_OK)
        code = bl_alloc(&batch->x, n * batch->data->dim, sizeof *batch->x, "features of the batch", err);
    return code;
}

int64_t par_batch_bytes_local(int64_t n, int64_t dim, int64_t label_words)
{
    return n *
           (int64_t)(sizeof(int64_t) + (size_t)label_words * sizeof(uint32_t) + (size_t)dim * sizeof(float));
}

static int begin_reading(struct par_batch *batch, struct bl_error *err)
{
    const struct par_train_data *data = batch->data;
    const struct read_ahead_plan plan = {.file = data->file,
                                         .shard = data->shard,
                                         .n_shards = own_shards(batch),
                                         .step_rows = batch->shard_rows,
                                         .steps_per_epoch = batch->batches->steps_per_epoch,
                                         .window_bytes = batch->config->data.window_mib << 20,
                                         .seed = (uint64_t)batch->config->train.seed};
    return data->file ? read_ahead_create(&batch->ahead, &plan, err) : BL_OK;
}

int par_batch_init(struct par_batch *batch, struct par par, const struct bl_config *config,
                   const struct par_train_data *data, const struct batches *batches, struct bl_error *err)
{
    *batch = (struct par_batch){.config = config, .data = data, .batches = batches, .shuffled_epoch = -1};
    int code = count_rows(batch, err);
    if (code == BL_OK)
        code = allocate(batch, err);
    if (code == BL_OK)
        code = begin_reading(batch, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_batch_free(batch);
    return code;
}

void par_batch_free(struct par_batch *batch)
{
    bl_free(&batch->shard_rows);
    bl_free(&batch->rows);
    bl_free(&batch->labels);
    bl_free(&batch->x);
    read_ahead_destroy(batch->ahead);
    batch->ahead = NULL;
}

/* The rows of step `number`: of each shard the next ones in its order, which is drawn anew for each epoch. */
static void choose_rows(struct par_batch *batch, int64_t number)
{
    const int64_t per_epoch = batch->batches->steps_per_epoch;
    const int64_t epoch = number / per_epoch, place = number % per_epoch;
    int64_t n = 0;
    for (int64_t s = 0; s < own_shards(batch); s++) {
        struct bl_shard *shard = &batch->data->shard[s];
        const int64_t take = batch->shard_rows[s];
        if (batch->shuffled_epoch != epoch)
            bl_shard_shuffle(shard, (uint64_t)batch->config->train.seed, epoch);
        memcpy(batch->rows + n, shard->order + place * take, (size_t)take * sizeof *batch->rows);
        n += take;
    }
    batch->shuffled_epoch = epoch;
}

/* Rows lie in random places: a few rows ahead are asked for, and arrive while others are converted. */
static void prefetch_bytes(const char *from, int64_t bytes)
{
    for (int64_t at = 0; at < bytes; at += 64)
        __builtin_prefetch(from + at);
}

static void load_resident(struct par_batch *batch, const struct bl_normalizer *normalizer, int64_t number)
{
    const struct par_train_data *data = batch->data;
    const int64_t row_bytes = data->dim * (int64_t)bl_type_bytes(data->type), n = batch->n_local;
    const char *own = data->features;
    enum { AHEAD = 4 };
    choose_rows(batch, number);
#pragma omp parallel for schedule(static) num_threads((int)batch->config->train.threads)
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            prefetch_bytes(own + (batch->rows[i + AHEAD] - data->row_lo) * row_bytes, row_bytes);
        bl_normalizer_apply(normalizer, data->type, own + (batch->rows[i] - data->row_lo) * row_bytes, 1,
                            batch->x + i * data->dim);
    }
}

/* The next `take` rows of own shard s, to places [at, at + take) of the batch. */
static int stream_shard(struct par_batch *batch, const struct bl_normalizer *normalizer, int64_t s,
                        int64_t at, int64_t take, struct bl_error *err)
{
    const struct par_train_data *data = batch->data;
    const int64_t row_bytes = data->dim * (int64_t)bl_type_bytes(data->type);
    for (int64_t n; take > 0; at += n, take -= n) {
        const int64_t *rows;
        const void *features;
        int code = read_ahead_take(batch->ahead, s, take, &n, &rows, &features, err);
        if (code != BL_OK)
            return code;
        memcpy(batch->rows + at, rows, (size_t)n * sizeof *rows);
#pragma omp parallel for schedule(static) num_threads((int)batch->config->train.threads)
        for (int64_t i = 0; i < n; i++)
            bl_normalizer_apply(normalizer, data->type, (const char *)features + i * row_bytes, 1,
                                batch->x + (at + i) * data->dim);
        read_ahead_give_back(batch->ahead, s, n);
    }
    return BL_OK;
}

static int load_streamed(struct par_batch *batch, const struct bl_normalizer *normalizer, int64_t number,
                         struct bl_error *err)
{
    const int64_t per_epoch = batch->batches->steps_per_epoch;
    int code = read_ahead_seek(batch->ahead, number / per_epoch, number % per_epoch, err);
    for (int64_t s = 0, at = 0; s < own_shards(batch) && code == BL_OK; s++) {
        code = stream_shard(batch, normalizer, s, at, batch->shard_rows[s], err);
        at += batch->shard_rows[s];
    }
    return code;
}

/* A rank that can't read its rows takes part in the step with any rows, so that no other waits for it; its
 * flag ends the step on all ranks before anything is updated. */
static void stand_in(struct par_batch *batch)
{
    const struct par_train_data *data = batch->data;
    for (int64_t i = 0; i < batch->n_local; i++)
        batch->rows[i] = data->shard[0].train[0];
    memset(batch->x, 0, (size_t)(batch->n_local * data->dim) * sizeof *batch->x);
}

void par_batch_load_local(struct par_batch *batch, const struct bl_normalizer *normalizer, int64_t number)
{
    const int64_t words = batch->data->labels.words;
    if (!batch->ahead)
        load_resident(batch, normalizer, number);
    else if ((batch->code = load_streamed(batch, normalizer, number, &batch->error)) != BL_OK)
        stand_in(batch);
    for (int64_t i = 0; i < batch->n_local && words > 0; i++)
        memcpy(batch->labels + i * words, train_data_labels(batch->data, batch->rows[i]),
               (size_t)words * sizeof *batch->labels);
}

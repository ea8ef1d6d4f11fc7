#include "mpi/step/step_rows.h"

#include <string.h>

int64_t par_step_shard_rows_local(const struct par_step *step, int64_t s)
{
    return step->batches.rows_per_shard ? step->batches.rows_per_shard : step->data->shard[s].n_train;
}

/* Which file rows make this rank's part of global step `number`, shard after shard. */
static void choose_rows(struct par_step *step, int64_t number)
{
    const struct par_batches *batches = &step->batches;
    const struct par_train_data *data = step->data;
    const int64_t epoch = number / batches->steps_per_epoch, place = number % batches->steps_per_epoch;
    int64_t n = 0;
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo; s++) {
        struct bl_shard *shard = &data->shard[s];
        if (step->shuffled_epoch != epoch)
            bl_shard_shuffle(shard, (uint64_t)step->config->train.seed, epoch);
        int64_t take = par_step_shard_rows_local(step, s);
        memcpy(step->rows + n, shard->order + place * take, (size_t)take * sizeof *step->rows);
        n += take;
    }
    step->shuffled_epoch = epoch;
}

/* Rows are in random places: asked for a few rows ahead, they arrive while others are converted. */
static void prefetch_bytes(const char *from, int64_t bytes)
{
    for (int64_t at = 0; at < bytes; at += 64)
        __builtin_prefetch(from + at);
}

/* The chosen rows' features, normalised. */
static void load_resident(struct par_step *step, const struct bl_model *model, int64_t number)
{
    const struct par_train_data *data = step->data;
    const int64_t row_bytes = data->dim * (int64_t)bl_type_bytes(data->type), n = step->batches.n_local;
    const char *own = data->features;
    enum { AHEAD = 4 };
    choose_rows(step, number);
#pragma omp parallel for schedule(static) num_threads((int)step->config->train.threads)
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            prefetch_bytes(own + (step->rows[i + AHEAD] - data->row_lo) * row_bytes, row_bytes);
        bl_normalizer_apply(&model->normalizer, data->type, own + (step->rows[i] - data->row_lo) * row_bytes,
                            1, step->x + i * data->dim);
    }
}

/* The next `take` rows of own shard s, to places [at, at + take) of the batch. */
static int stream_shard(struct par_step *step, const struct bl_model *model, int64_t s, int64_t at,
                        int64_t take, struct bl_error *err)
{
    const struct par_train_data *data = step->data;
    const int64_t row_bytes = data->dim * (int64_t)bl_type_bytes(data->type);
    for (int64_t n; take > 0; at += n, take -= n) {
        const int64_t *rows;
        const void *features;
        int code = read_ahead_take(step->ahead, s, take, &n, &rows, &features, err);
        if (code != BL_OK)
            return code;
        memcpy(step->rows + at, rows, (size_t)n * sizeof *rows);
#pragma omp parallel for schedule(static) num_threads((int)step->config->train.threads)
        for (int64_t i = 0; i < n; i++)
            bl_normalizer_apply(&model->normalizer, data->type, (const char *)features + i * row_bytes, 1,
                                step->x + (at + i) * data->dim);
        read_ahead_give_back(step->ahead, s, n);
    }
    return BL_OK;
}

static int load_streamed(struct par_step *step, const struct bl_model *model, int64_t number,
                         struct bl_error *err)
{
    const struct par_train_data *data = step->data;
    const int64_t per_epoch = step->batches.steps_per_epoch;
    int code = read_ahead_seek(step->ahead, number / per_epoch, number % per_epoch, err);
    for (int64_t s = 0, at = 0; s < data->shard_hi - data->shard_lo && code == BL_OK; s++) {
        const int64_t take = par_step_shard_rows_local(step, s);
        code = stream_shard(step, model, s, at, take, err);
        at += take;
    }
    return code;
}

/* A rank that can't read its rows goes through the step with any rows, so that nobody waits for it; its flag
 * ends the step on all ranks before anything is updated. */
static void stand_in(struct par_step *step)
{
    for (int64_t i = 0; i < step->batches.n_local; i++)
        step->rows[i] = step->data->shard[0].train[0];
    memset(step->x, 0, (size_t)(step->batches.n_local * step->data->dim) * sizeof *step->x);
}

void par_step_load_local(struct par_step *step, const struct bl_model *model, int64_t number)
{
    const int64_t words = step->data->labels.words;
    if (!step->ahead)
        load_resident(step, model, number);
    else if ((step->input_code = load_streamed(step, model, number, &step->input_error)) != BL_OK)
        stand_in(step);
    for (int64_t i = 0; i < step->batches.n_local && words > 0; i++)
        memcpy(step->labels + i * words, par_train_data_labels(step->data, step->rows[i]),
               (size_t)words * sizeof(uint32_t));
}

#include "mpi/step.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "mpi/agree.h"
#include "mpi/reduce.h"
#include "mpi/signals.h"
#include "mpi/stall.h"
#include "optim/schedule.h"

/* Flags that ride behind the gradient in its allreduce: one for each term whose value isn't finite, then how
 * many ranks were asked for a checkpoint and to stop. */
enum { FLAG_CHECKPOINT = BL_TERMS_MAX, FLAG_STOP, FLAGS };

int par_batches_plan(struct par_batches *batches, struct par par, const struct par_train_data *data,
                     int64_t global_batch, struct bl_error *err)
{
    const int64_t own_shards = data->shard_hi - data->shard_lo;
    *batches = (struct par_batches){0};
    if (global_batch == 0) {
        batches->steps_per_epoch = 1;
        batches->n_global = data->n_train_global;
        for (int64_t s = 0; s < own_shards; s++)
            batches->n_local += data->shard[s].n_train;
        if (data->shard_rows_min < 1 || batches->n_global < 2)
            return bl_fail(err, BL_USAGE, "a shard has no training rows; lower data.shards");
    } else {
        int64_t below = global_batch / data->shards * data->shards;
        if (below != global_batch)
            return bl_fail(err, BL_USAGE,
                           "train.global_batch = %" PRId64 " is not a multiple of data.shards = %" PRId64
                           "; the nearest are %" PRId64 " and %" PRId64,
                           global_batch, data->shards, below ? below : data->shards, below + data->shards);
        batches->rows_per_shard = global_batch / data->shards;
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

static int allocate(struct par_step *step, const struct bl_model *model, struct bl_error *err)
{
    const int64_t n = step->batches.n_local, bits = bl_shape_code_bits(&model->shape);
    const struct bl_config *config = step->config;
    int code = bl_alloc(&step->rows, n, sizeof(int64_t), "row numbers of the batch", err);
    if (code == BL_OK)
        code = bl_alloc(&step->labels, n * step->data->labels.words, sizeof(uint32_t), "labels of the batch",
                        err);
    if (code == BL_OK)
        code = bl_alloc(&step->x, n * step->data->dim, sizeof(float), "features of the batch", err);
    if (code == BL_OK)
        code = bl_alloc(&step->z, n * bits, sizeof(float), "outputs of the batch", err);
    if (code == BL_OK)
        code = bl_alloc(&step->h, n * bits, sizeof(float), "relaxed codes of the batch", err);
    if (code == BL_OK)
        code = bl_alloc(&step->dh, n * bits, sizeof(float), "gradients of the codes", err);
    if (code == BL_OK)
        code = bl_alloc(&step->grad, model->layout.n_params + FLAGS, sizeof(float), "the gradient", err);
    if (code == BL_OK)
        code = bl_network_init(&step->network, &model->shape, n, (int)config->train.threads, err);
    if (code == BL_OK)
        code = bl_objective_init(&step->objective, &config->objective, bits, step->data->labels, n,
                                 step->batches.n_global, config->train.threads, err);
    return code;
}

int par_step_init(struct par_step *step, struct par par, const struct bl_config *config,
                  struct par_train_data *data, const struct bl_model *model, struct bl_error *err)
{
    *step = (struct par_step){.par = par, .config = config, .data = data, .shuffled_epoch = -1};
    int code = par_batches_plan(&step->batches, par, data, config->train.global_batch, err);
    if (code == BL_OK)
        code = par_agree(par, allocate(step, model, err), err);
    if (code == BL_OK)
        code = par_gather_init(&step->gather, par, step->batches.n_local, bl_shape_code_bits(&model->shape),
                               data->labels.words, err);
    step->total_steps =
        config->train.steps > 0 ? config->train.steps : config->train.epochs * step->batches.steps_per_epoch;
    if (code != BL_OK)
        par_step_free(step);
    return code;
}

void par_step_free(struct par_step *step)
{
    bl_free(&step->rows);
    bl_free(&step->labels);
    bl_free(&step->x);
    bl_free(&step->z);
    bl_free(&step->h);
    bl_free(&step->dh);
    bl_free(&step->grad);
    bl_network_free(&step->network);
    bl_objective_free(&step->objective);
    par_gather_free(&step->gather);
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
        int64_t take = batches->rows_per_shard ? batches->rows_per_shard : shard->n_train;
        memcpy(step->rows + n, shard->order + place * take, (size_t)take * sizeof *step->rows);
        n += take;
    }
    step->shuffled_epoch = epoch;
}

/* Features, normalised, and labels of the chosen rows. */
static void load_batch(struct par_step *step, const struct bl_model *model)
{
    const struct par_train_data *data = step->data;
    const int64_t n = step->batches.n_local, words = data->labels.words;
#pragma omp parallel for schedule(static) num_threads((int)step->config->train.threads)
    for (int64_t i = 0; i < n; i++)
        bl_normalizer_apply(&model->normalizer, data->type, par_train_data_row(data, step->rows[i]), 1,
                            step->x + i * data->dim);
    for (int64_t i = 0; i < n && words > 0; i++)
        memcpy(step->labels + i * words, par_train_data_labels(data, step->rows[i]),
               (size_t)words * sizeof(uint32_t));
}

/* The terms' values and gradients in h; leaves dz in step->dh. */
static void run_objective(struct par_step *step, double beta, struct par_step_outcome *outcome)
{
    struct bl_objective *objective = &step->objective;
    struct par_gather *gather = &step->gather;
    double sums[BL_TERMS_MAX * BL_TERM_SUMS_MAX];
    bl_objective_relax(objective, beta, step->z, gather->n_local, step->h,
                       gather->rows + gather->first * gather->stride, gather->stride);
    if (bl_objective_needs_gather(objective)) {
        par_stall_tick_local("gathering codes");
        par_gather_run(gather, step->par, step->labels);
    }
    const struct bl_batch batch = {.n_global = gather->n_global,
                                   .n_local = gather->n_local,
                                   .first = gather->first,
                                   .bits = objective->bits,
                                   .h = step->h,
                                   .codes = gather->rows,
                                   .codes_stride = gather->stride,
                                   .label_layout = step->data->labels,
                                   .labels = gather->labels};
    if (bl_objective_needs_sums(objective)) {
        bl_objective_sums(objective, &batch, sums);
        par_sum_doubles(step->par, sums, objective->n_terms * BL_TERM_SUMS_MAX);
    }
    par_stall_tick_local("terms of the objective");
    bl_objective_rows(objective, &batch, sums, step->dh, outcome->values);
    bl_objective_dz(objective, beta, step->h, gather->n_local, step->dh);
}

static void set_flags(const struct par_step *step, const struct par_step_outcome *outcome, float *flags)
{
    memset(flags, 0, FLAGS * sizeof *flags);
    for (int64_t t = 0; t < step->objective.n_terms; t++)
        flags[t] = isfinite(outcome->values[t]) ? 0.0f : 1.0f;
    flags[FLAG_CHECKPOINT] = step->local_request == PAR_REQUEST_CHECKPOINT ? 1.0f : 0.0f;
    flags[FLAG_STOP] = step->local_request == PAR_REQUEST_STOP ? 1.0f : 0.0f;
}

static const char *likely_cause(const struct par_step *step, int64_t number)
{
    if (number == 0)
        return "the features are probably too large: see data.normalize";
    if (step->config->optimizer.clip_norm > 0.0)
        return "the learning rate is probably too high: lower optimizer.lr";
    return "the learning rate is probably too high: lower optimizer.lr or set optimizer.clip_norm";
}

static int check_values(const struct par_step *step, const float *flags, int64_t number, struct bl_error *err)
{
    for (int64_t t = 0; t < step->objective.n_terms; t++)
        if (flags[t] > 0.0f)
            return bl_fail(err, BL_NUMBERS,
                           "step %" PRId64 " (epoch %" PRId64
                           "): the term %s is not finite at learning rate %g; %s; the last "
                           "checkpoint is kept",
                           number, number / step->batches.steps_per_epoch + 1, step->objective.term[t]->name,
                           bl_schedule_rate(&step->config->optimizer, number, step->total_steps,
                                            step->batches.steps_per_epoch),
                           likely_cause(step, number));
    return BL_OK;
}

static int check_gradient(const struct par_step *step, const struct bl_layout *layout, double square_sum,
                          int64_t number, struct bl_error *err)
{
    if (isfinite(square_sum))
        return BL_OK;
    const char *tensor = "a tensor";
    for (int64_t t = layout->n_tensors - 1; t >= 0; t--) {
        const struct bl_tensor *one = &layout->tensor[t];
        if (!isfinite(bl_optimizer_square_sum(step->grad + one->offset, one->rows * one->cols)))
            tensor = one->name;
    }
    return bl_fail(err, BL_NUMBERS,
                   "step %" PRId64 " (epoch %" PRId64
                   "): the gradient of %s is not finite; %s; the last checkpoint is kept",
                   number, number / step->batches.steps_per_epoch + 1, tensor, likely_cause(step, number));
}

int par_step_gradient(struct par_step *step, struct bl_model *model, int64_t number,
                      struct par_step_outcome *outcome, struct bl_error *err)
{
    const struct bl_layout *layout = &model->layout;
    float *flags = step->grad + layout->n_params;
    *outcome = (struct par_step_outcome){.beta = bl_objective_beta(&step->config->objective, number)};
    par_stall_tick_local("forward");
    choose_rows(step, number);
    load_batch(step, model);
    const struct bl_dropout dropout = {.p = step->config->model.dropout,
                                       .seed = (uint64_t)step->config->train.seed,
                                       .step = number,
                                       .rows = step->rows};
    bl_network_forward(&step->network, model->params, step->x, step->batches.n_local,
                       dropout.p > 0.0 ? &dropout : NULL, step->z);
    run_objective(step, outcome->beta, outcome);
    par_stall_tick_local("backward");
    bl_network_backward(&step->network, model->params, step->dh, step->batches.n_local, step->grad);
    set_flags(step, outcome, flags);
    par_stall_tick_local("reducing the gradient");
    par_sum_floats(step->par, step->grad, layout->n_params + FLAGS);
    outcome->request = flags[FLAG_STOP] > 0.0f         ? PAR_REQUEST_STOP
                       : flags[FLAG_CHECKPOINT] > 0.0f ? PAR_REQUEST_CHECKPOINT
                                                       : PAR_REQUEST_NONE;
    int code = check_values(step, flags, number, err);
    if (code != BL_OK)
        return code;
    double parameter_values[BL_TERMS_MAX] = {0};
    bl_objective_params(&step->objective, layout, model->params, step->grad, parameter_values);
    for (int64_t t = 0; t < step->objective.n_terms && step->par.rank == 0; t++)
        outcome->values[t] += parameter_values[t];
    double square_sum = bl_optimizer_square_sum(step->grad, layout->n_params);
    outcome->grad_norm = sqrt(square_sum);
    return check_gradient(step, layout, square_sum, number, err);
}

int par_step_run(struct par_step *step, struct bl_model *model, struct bl_optimizer *optimizer,
                 int64_t number, struct par_step_outcome *outcome, struct bl_error *err)
{
    int code = par_step_gradient(step, model, number, outcome, err);
    if (code != BL_OK)
        return code;
    const struct bl_config_optimizer *config = &step->config->optimizer;
    const int64_t n_params = model->layout.n_params;
    outcome->lr = bl_schedule_rate(config, number, step->total_steps, step->batches.steps_per_epoch);
    if (config->clip_norm > 0.0 && outcome->grad_norm > config->clip_norm) {
        const float scale = (float)(config->clip_norm / outcome->grad_norm);
        for (int64_t i = 0; i < n_params; i++)
            step->grad[i] *= scale;
    }
    bl_optimizer_update(optimizer, number + 1, outcome->lr, 0, n_params, model->params, step->grad);
    return BL_OK;
}

#include "mpi/step/step.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/process/signals.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/placement.h"
#include "mpi/ranks/reduce.h"
#include "mpi/step/step_rows.h"
#include "optim/schedule.h"

/* Flags that ride along with the gradient: one for each term whose value isn't finite, then how many ranks
 * were asked for a checkpoint and to stop, are busy writing one, and couldn't read their rows. */
enum { FLAG_CHECKPOINT = BL_TERMS_MAX, FLAG_STOP, FLAG_BUSY, FLAG_INPUT };

static int init_groups(struct par_step *step, struct bl_error *err)
{
    const int64_t n = step->data->shard_hi - step->data->shard_lo;
    int64_t *shard_rows = NULL;
    int code = par_agree(step->par, bl_alloc(&shard_rows, n, sizeof *shard_rows, "rows of shards", err), err);
    for (int64_t s = 0; s < n && code == BL_OK; s++)
        shard_rows[s] = par_step_shard_rows_local(step, s);
    if (code == BL_OK)
        code = par_sum_groups_init(&step->groups, step->par, sum_groups_total(step->config, step->par.size),
                                   shard_rows, n, BL_TERMS_MAX, err);
    bl_free(&shard_rows);
    return code;
}

static int allocate_rows(struct par_step *step, const struct bl_model *model, struct bl_error *err)
{
    const int64_t n = step->batches.n_local, bits = bl_shape_code_bits(&model->shape);
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
    return code;
}

static int allocate(struct par_step *step, const struct bl_model *model, struct bl_error *err)
{
    const int64_t n = step->batches.n_local, n_groups = step->groups.local.n;
    const struct bl_config *config = step->config;
    const int64_t n_columns = step->memory.rows > 0 ? step->memory.rows : step->batches.n_global;
    const enum bl_product_kind kind =
        config->train.reduction == BL_REDUCTION_EXACT ? BL_PRODUCT_CHAIN : BL_PRODUCT_BLAS;
    int code = allocate_rows(step, model, err);
    if (code == BL_OK)
        code = bl_alloc_zero(&step->group_values, n_groups * BL_TERMS_MAX, sizeof(double), "values of groups",
                             err);
    if (code == BL_OK)
        code = bl_product_init(&step->product, kind, (int)config->train.threads, err);
    if (code == BL_OK)
        code = bl_network_init(&step->network, &model->shape, n, &step->product, err);
    if (code == BL_OK)
        code = bl_objective_init(&step->objective, &config->objective, &model->layout, step->data->labels, n,
                                 n_columns, &step->product, err);
    return code;
}

static int init_pairs(struct par_step *step, struct bl_error *err)
{
    const struct par_nodes *nodes = step->nodes;
    const int64_t *rows = step->gather.rank_rows.begin;
    if (!par_pair_return_wanted_local(step->config, step->batches.n_global))
        return BL_OK;
    int code = par_pair_return_init(&step->mirror, nodes, rows, step->objective.bits,
                                    (int)step->config->train.threads, err);
    if (code != BL_OK)
        return code;
    code = bl_objective_visit_once(&step->objective, rows + nodes->first[nodes->own], nodes->node.size,
                                   nodes->node.rank, step->mirror.part, err);
    return par_agree(step->par, code, err);
}

static int init_gradient(struct par_step *step, const struct bl_model *model, struct bl_error *err)
{
    const struct bl_config *config = step->config;
    const struct par_gradient_options options = {
        .groups = config->train.reduction == BL_REDUCTION_EXACT ? step->groups.total : 0,
        .n_flags = PAR_STEP_FLAGS,
        .threads = (int)config->train.threads,
        .bucket_floats = step->overlap.bucket_floats};
    return par_gradient_init(&step->gradient, step->nodes, &model->layout, &options, err);
}

static int init_ahead(struct par_step *step, struct bl_error *err)
{
    const struct par_train_data *data = step->data;
    const int64_t n = data->shard_hi - data->shard_lo;
    int64_t *step_rows = NULL;
    if (!data->file)
        return BL_OK;
    int code = bl_alloc(&step_rows, n, sizeof *step_rows, "rows of shards", err);
    for (int64_t s = 0; s < n && code == BL_OK; s++)
        step_rows[s] = par_step_shard_rows_local(step, s);
    const struct read_ahead_plan plan = {.file = data->file,
                                         .shard = data->shard,
                                         .n_shards = n,
                                         .step_rows = step_rows,
                                         .steps_per_epoch = step->batches.steps_per_epoch,
                                         .window_bytes = step->config->data.window_mib << 20,
                                         .seed = (uint64_t)step->config->train.seed};
    if (code == BL_OK)
        code = read_ahead_create(&step->ahead, &plan, err);
    bl_free(&step_rows);
    return code;
}

int par_step_init(struct par_step *step, const struct par_nodes *nodes, const struct bl_config *config,
                  struct par_train_data *data, const struct bl_model *model, struct bl_error *err)
{
    const struct par par = nodes->all;
    *step =
        (struct par_step){.par = par, .nodes = nodes, .config = config, .data = data, .shuffled_epoch = -1};
    step->overlap = overlap_choose(config, par.size, par_hosts(par), nodes->n_lanes);
    int code = par_batches_plan(&step->batches, par, data, config->train.global_batch, err);
    if (code == BL_OK)
        code = init_groups(step, err);
    if (code == BL_OK)
        code = par_code_memory_init(&step->memory, nodes, &config->objective, data,
                                    bl_shape_code_bits(&model->shape), err);
    if (code == BL_OK)
        code = par_agree(par, allocate(step, model, err), err);
    if (code == BL_OK)
        code = par_agree(par, init_ahead(step, err), err);
    if (code == BL_OK)
        code = par_gather_init(&step->gather, nodes, step->batches.n_local, bl_shape_code_bits(&model->shape),
                               data->labels.words, step->memory.rows > 0, step->overlap.codes, err);
    if (code == BL_OK)
        code = init_pairs(step, err);
    if (code == BL_OK)
        code = init_gradient(step, model, err);
    if (code == BL_OK)
        code = par_sums_init(&step->sums, nodes, bl_objective_n_sums(&step->objective), err);
    phases_begin(&step->phases);
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
    bl_free(&step->group_values);
    read_ahead_destroy(step->ahead);
    step->ahead = NULL;
    bl_network_free(&step->network);
    bl_objective_free(&step->objective);
    bl_product_free(&step->product);
    par_gather_free(&step->gather);
    par_sums_free(&step->sums);
    par_pair_return_free(&step->mirror);
    par_code_memory_free(&step->memory);
    par_gradient_free(&step->gradient);
    par_sum_groups_free(&step->groups);
}

static void poke_codes(void *context)
{
    struct par_step *step = context;
    par_flight_poke_local(&step->gather.codes_flight);
}

static void wait_for_codes(void *context)
{
    struct par_step *step = context;
    phases_enter(&step->phases, PHASE_GATHER);
    par_gather_wait_codes(&step->gather);
    phases_enter(&step->phases, PHASE_OBJECTIVE);
}

/* Codes and labels of the batch, as far as terms want them; in flight, labels alone. */
static void gather_codes(struct par_step *step)
{
    struct par_gather *gather = &step->gather;
    if (!bl_objective_needs_gather(&step->objective)) {
        par_gather_own_local(gather, step->labels);
        return;
    }
    phases_enter(&step->phases, PHASE_GATHER);
    if (gather->in_flight) {
        par_gather_wait_labels(gather);
        return;
    }
    par_code_memory_places_local(&step->memory, step->rows, gather->n_local, gather);
    par_gather_run(gather, step->labels);
    par_code_memory_take_local(&step->memory, gather);
    par_nodes_meet(step->nodes);
}

/* The terms' values and gradients in h; leaves dz in step->dh. */
static void run_objective(struct par_step *step, const struct bl_model *model, double beta)
{
    struct bl_objective *objective = &step->objective;
    struct par_gather *gather = &step->gather;
    const struct bl_arrival arrival = {.context = step,
                                       .lo = gather->node_first,
                                       .hi = gather->node_end,
                                       .poke = poke_codes,
                                       .wait = wait_for_codes};
    bl_objective_relax(objective, beta, step->z, gather->n_local, step->h,
                       gather->rows + gather->first * gather->stride, gather->stride);
    gather_codes(step);
    const struct bl_batch batch = {.n_global = gather->n_global,
                                   .n_local = gather->n_local,
                                   .first = gather->first,
                                   .bits = objective->bits,
                                   .h = step->h,
                                   .codes = gather->rows,
                                   .codes_stride = gather->stride,
                                   .label_layout = step->data->labels,
                                   .labels = gather->labels,
                                   .memory = par_code_memory_columns_local(&step->memory, gather),
                                   .arrival = gather->in_flight ? &arrival : NULL};
    const int64_t n_network = model->layout.n_network;
    const struct bl_objective_out out = {
        .dh = step->dh, .values = step->group_values, .grad = &step->gradient.part};
    bl_objective_sums(objective, &batch, &step->groups.local);
    par_sums_run(&step->sums, objective->sums);
    if (gather->in_flight) /* now, as the few bytes of the sums would have to wait behind the codes */
        par_gather_begin_codes(gather);
    phases_enter(&step->phases, PHASE_OBJECTIVE);
    bl_objective_rows(objective, &batch, &step->groups.local, model->params + n_network, &out);
    if (step->mirror.part) {
        phases_enter(&step->phases, PHASE_GATHER);
        par_pair_return_add(&step->mirror, step->dh);
        phases_enter(&step->phases, PHASE_OBJECTIVE);
    }
    bl_objective_dz(objective, beta, step->h, gather->n_local, step->dh);
}

static void set_flags(const struct par_step *step, double *flags)
{
    memset(flags, 0, PAR_STEP_FLAGS * sizeof *flags);
    for (int64_t g = 0; g < step->groups.local.n; g++)
        for (int64_t t = 0; t < step->objective.n_terms; t++)
            if (!isfinite(step->group_values[g * BL_TERMS_MAX + t]))
                flags[t] = 1.0;
    flags[FLAG_CHECKPOINT] = step->local_request == SIGNALS_CHECKPOINT;
    flags[FLAG_STOP] = step->local_request == SIGNALS_STOP;
    flags[FLAG_BUSY] = step->local_busy;
    flags[FLAG_INPUT] = step->input_code != BL_OK;
}

/* All ranks know the flag, so all come to agree on what the rank that raised it says. */
static int check_input(const struct par_step *step, const double *flags, struct bl_error *err)
{
    if (flags[FLAG_INPUT] == 0.0)
        return BL_OK;
    if (step->input_code != BL_OK)
        *err = step->input_error;
    return par_agree(step->par, step->input_code, err);
}

static const char *likely_cause(const struct par_step *step, int64_t number)
{
    if (number == 0)
        return "the features are probably too large: see data.normalize";
    if (step->config->optimizer.clip_norm > 0.0)
        return "the learning rate is probably too high: lower optimizer.lr";
    return "the learning rate is probably too high: lower optimizer.lr or set optimizer.clip_norm";
}

static int check_values(const struct par_step *step, const double *flags, int64_t number,
                        struct bl_error *err)
{
    for (int64_t t = 0; t < step->objective.n_terms; t++)
        if (flags[t] > 0.0)
            return bl_fail(err, BL_NUMBERS,
                           "step %" PRId64 " (epoch %" PRId64
                           "): the term %s is not finite at learning rate %g; %s; the last "
                           "checkpoint is kept",
                           number, number / step->batches.steps_per_epoch + 1, step->objective.name[t],
                           bl_schedule_rate(&step->config->optimizer, number, step->total_steps,
                                            step->batches.steps_per_epoch),
                           likely_cause(step, number));
    return BL_OK;
}

static int check_gradient(const struct par_step *step, const struct bl_tensor *bad, int64_t number,
                          struct bl_error *err)
{
    if (!bad)
        return BL_OK;
    return bl_fail(err, BL_NUMBERS,
                   "step %" PRId64 " (epoch %" PRId64
                   "): the gradient of %s is not finite; %s; the last checkpoint is kept",
                   number, number / step->batches.steps_per_epoch + 1, bad->name, likely_cause(step, number));
}

/* From the loaded rows to this rank's part of the parameter gradient. */
static void run_rows(struct par_step *step, struct bl_model *model, int64_t number, double beta)
{
    struct par_gradient *gradient = &step->gradient;
    if (step->gather.in_flight)
        par_gather_begin_labels(&step->gather, step->labels);
    phases_enter(&step->phases, PHASE_FORWARD);
    const struct bl_dropout dropout = {.p = step->config->model.dropout,
                                       .seed = (uint64_t)step->config->train.seed,
                                       .step = number,
                                       .rows = step->rows};
    bl_network_forward(&step->network, model->params, step->x, step->batches.n_local,
                       dropout.p > 0.0 ? &dropout : NULL, step->z);
    par_gradient_clear_local(gradient);
    run_objective(step, model, beta);
    set_flags(step, gradient->flags);
    phases_enter(&step->phases, PHASE_BACKWARD);
    bl_network_backward(&step->network, model->params, step->dh, &step->groups.local, &gradient->part,
                        par_gradient_watch_local(gradient));
}

/* The sum over all ranks, formed again where its grid didn't suit: at the first step, and when the gradient
 * has grown more than was allowed for. What decides is the same on any number of ranks. */
static struct par_gradient_outcome sum_rows(struct par_step *step, struct bl_model *model, int64_t number,
                                            struct par_step_outcome *outcome)
{
    struct par_gradient *gradient = &step->gradient;
    struct par_gradient_outcome sum;
    do {
        run_rows(step, model, number, outcome->beta);
        phases_enter(&step->phases, PHASE_REDUCE);
        par_gradient_sum(gradient);
        bl_objective_params(&step->objective, &model->layout, model->params,
                            (struct bl_ranges){gradient->n_ranges, gradient->range}, gradient->sum,
                            outcome->parameter_values);
        sum = par_gradient_judge(gradient);
        if (sum.again) /* nobody puts a new part where others still read */
            par_nodes_meet(step->nodes);
    } while (sum.again);
    return sum;
}

int par_step_gradient(struct par_step *step, struct bl_model *model, int64_t number,
                      struct par_step_outcome *outcome, struct bl_error *err)
{
    const double *flags = step->gradient.flags;
    *outcome = (struct par_step_outcome){.beta = bl_objective_beta(&step->config->objective, number)};
    phases_enter(&step->phases, PHASE_INPUT);
    par_step_load_local(step, model, number);
    const struct par_gradient_outcome sum = sum_rows(step, model, number, outcome);
    outcome->grad_norm = sqrt(sum.square_sum);
    outcome->request = flags[FLAG_STOP] > 0.0         ? SIGNALS_STOP
                       : flags[FLAG_CHECKPOINT] > 0.0 ? SIGNALS_CHECKPOINT
                                                      : SIGNALS_NONE;
    outcome->busy = (int)flags[FLAG_BUSY];
    int code = check_input(step, flags, err);
    if (code == BL_OK)
        code = check_values(step, flags, number, err);
    return code == BL_OK ? check_gradient(step, sum.bad, number, err) : code;
}

/* Own slices of the node's one copy. */
static void update(struct par_step *step, struct bl_model *model, struct bl_optimizer *optimizer,
                   int64_t number, const struct par_step_outcome *outcome)
{
    const struct bl_config_optimizer *config = &step->config->optimizer;
    struct par_gradient *gradient = &step->gradient;
    const int clip = config->clip_norm > 0.0 && outcome->grad_norm > config->clip_norm;
    const float scale = clip ? (float)(config->clip_norm / outcome->grad_norm) : 1.0f;
    for (const struct bl_range *range = gradient->range; range < gradient->range + gradient->n_ranges;
         range++) {
        for (int64_t i = range->lo; i < range->hi && clip; i++)
            gradient->sum[i] *= scale;
        bl_optimizer_update(optimizer, number + 1, outcome->lr, range->lo, range->hi, model->params,
                            gradient->sum);
    }
}

int par_step_run(struct par_step *step, struct bl_model *model, struct bl_optimizer *optimizer,
                 int64_t number, struct par_step_outcome *outcome, struct bl_error *err)
{
    int code = par_step_gradient(step, model, number, outcome, err);
    if (code != BL_OK)
        return code;
    phases_enter(&step->phases, PHASE_UPDATE);
    outcome->lr =
        bl_schedule_rate(&step->config->optimizer, number, step->total_steps, step->batches.steps_per_epoch);
    update(step, model, optimizer, number, outcome);
    phases_enter(&step->phases, PHASE_REDUCE);
    par_nodes_meet(step->nodes);
    phases_enter(&step->phases, PHASE_OTHER);
    return BL_OK;
}

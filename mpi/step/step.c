#include "mpi/step/step.h"

#include <math.h>

#include "base/buffer.h"
#include "cost/trial.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/placement.h"
#include "mpi/step/step_flags.h"
#include "optim/schedule.h"

static int allocate(struct par_step *step, const struct bl_model *model, struct bl_error *err)
{
    const struct bl_config *config = step->config;
    const int exact = config->train.reduction == BL_REDUCTION_EXACT;
    const int64_t n = step->batch.n_local, values = n * bl_shape_code_bits(&model->shape);
    const int64_t n_columns = step->memory.rows > 0 ? step->memory.rows : step->batches.n_global;
    const struct bl_buffer buffers[] = {
        {&step->z, values, sizeof(float), "outputs of the batch", 0},
        {&step->h, values, sizeof(float), "relaxed codes of the batch", 0},
        {&step->dh, values, sizeof(float), "gradients of the codes", 0},
        {&step->group_values, step->groups.local.n * BL_TERMS_MAX, sizeof(double), "values of groups", 1},
    };
    int code = bl_alloc_all(buffers, sizeof buffers / sizeof *buffers, err);
    if (code == BL_OK)
        code = bl_product_init(&step->product, exact ? BL_PRODUCT_CHAIN : BL_PRODUCT_BLAS,
                               (int)config->train.threads, err);
    if (code == BL_OK)
        code = bl_network_init(&step->network, &model->shape, n, &step->product, err);
    if (code == BL_OK)
        code = bl_objective_init(&step->objective, &config->objective, &model->layout, step->data->labels, n,
                                 n_columns, &step->product, err);
    return code;
}

int64_t par_step_rows_bytes_local(const struct bl_config *config, const struct bl_shape *shape, int64_t n,
                                  int64_t label_words)
{
    const int64_t values = 3 * n * bl_shape_code_bits(shape); /* z, h, dh */
    return par_batch_bytes_local(n, bl_shape_dim(shape), label_words) +
           (values + bl_network_floats(shape, n, (int)config->train.threads)) * (int64_t)sizeof(float);
}

static int init_exchange(struct par_step *step, struct bl_error *err)
{
    const struct par_exchange_parts parts = {.config = step->config,
                                             .phases = step->phases,
                                             .memory = &step->memory,
                                             .objective = &step->objective,
                                             .n_local = step->batch.n_local,
                                             .label_words = step->data->labels.words,
                                             .in_flight = step->overlap.codes};
    return par_exchange_init(&step->exchange, step->nodes, &parts, err);
}

static int init_gradient(struct par_step *step, const struct bl_model *model, struct bl_error *err)
{
    const struct bl_config *config = step->config;
    const struct par_gradient_options options = {
        .groups = config->train.reduction == BL_REDUCTION_EXACT ? step->groups.total : 0,
        .n_flags = STEP_FLAGS,
        .threads = (int)config->train.threads,
        .bucket_floats = step->overlap.bucket_floats};
    return par_gradient_init(&step->gradient, step->nodes, &model->layout, &options, err);
}

static int init_parts(struct par_step *step, const struct bl_model *model, struct bl_error *err)
{
    const struct par par = step->par;
    const struct bl_config *config = step->config;
    const struct par_train_data *data = step->data;
    int code = par_batch_init(&step->batch, par, config, data, &step->batches, err);
    if (code == BL_OK)
        code =
            par_sum_groups_init(&step->groups, par, sum_groups_total(config, par.size),
                                step->batch.shard_rows, data->shard_hi - data->shard_lo, BL_TERMS_MAX, err);
    if (code == BL_OK)
        code = par_code_memory_init(&step->memory, step->nodes, &config->objective, data,
                                    bl_shape_code_bits(&model->shape), err);
    if (code == BL_OK)
        code = par_agree(par, allocate(step, model, err), err);
    if (code == BL_OK)
        code = init_exchange(step, err);
    if (code == BL_OK)
        code = init_gradient(step, model, err);
    return code;
}

int par_step_init(struct par_step *step, const struct par_nodes *nodes, const struct bl_config *config,
                  const struct par_train_data *data, const struct bl_model *model, struct phases *phases,
                  struct bl_error *err)
{
    const struct par par = nodes->all;
    *step = (struct par_step){.par = par, .nodes = nodes, .config = config, .data = data, .phases = phases};
    step->overlap = overlap_choose(config, par.size, par_hosts(par), nodes->n_lanes);
    int code = batches_plan(&step->batches, data->shards, data->n_train_global, data->shard_rows_min,
                            config->train.global_batch, err);
    if (code == BL_OK)
        code = init_parts(step, model, err);
    step->total_steps =
        config->train.steps > 0 ? config->train.steps : config->train.epochs * step->batches.steps_per_epoch;
    if (code != BL_OK)
        par_step_free(step);
    return code;
}

void par_step_free(struct par_step *step)
{
    bl_free(&step->z);
    bl_free(&step->h);
    bl_free(&step->dh);
    bl_free(&step->group_values);
    bl_network_free(&step->network);
    bl_objective_free(&step->objective);
    bl_product_free(&step->product);
    par_exchange_free(&step->exchange);
    par_code_memory_free(&step->memory);
    par_gradient_free(&step->gradient);
    par_sum_groups_free(&step->groups);
    par_batch_free(&step->batch);
}

/* Each pair costs a row four products; three if both rows are on one node and the pair is visited once. */
static double pair_products(const struct par_step *step)
{
    const struct par_pair_return *pairs = &step->exchange.pairs;
    if (!step->exchange.wants_codes)
        return 0.0;
    return pairs->part ? 4.0 - (double)pairs->n_node / (double)step->batches.n_global : 4.0;
}

struct step_facts par_step_facts_local(const struct par_step *step)
{
    const int64_t n = step->batches.n_global;
    return (struct step_facts){.ranks = step->par.size,
                               .nodes = step->nodes->n_nodes,
                               .threads = step->config->train.threads,
                               .batch_rows = n,
                               .steps_per_epoch = step->batches.steps_per_epoch,
                               .total_steps = step->total_steps,
                               .flops = bl_trial_flops(&step->network.shape, n, n, pair_products(step)),
                               .overlap = step->overlap,
                               .product = &step->product,
                               .objective = &step->objective};
}

/* z = W_L a_(L-1) + c_L with a_l = f(W_l a_(l-1) + c_l), a_0 = x; then h = tanh(beta z), and the code c
 * of the pairwise terms (h, or its sign) goes straight into the exchange's send buffer. */
static void forward(struct par_step *step, const struct bl_model *model, int64_t number, double beta)
{
    const struct par_batch *own = &step->batch;
    const struct bl_dropout dropout = {.p = step->config->model.dropout,
                                       .seed = (uint64_t)step->config->train.seed,
                                       .step = number,
                                       .rows = own->rows};
    phases_enter(step->phases, PHASE_FORWARD);
    bl_network_forward(&step->network, model->params, own->x, own->n_local, dropout.p > 0.0 ? &dropout : NULL,
                       step->z);
    bl_objective_relax(&step->objective, beta, step->z, own->n_local, step->h,
                       par_exchange_own_codes_local(&step->exchange), step->exchange.gather.stride);
}

/* From own rows x to this rank's part of the gradient: the sum over own rows i of (dL/dc_i) (dc_i/dW). L is
 * that of the global batch, so the parts of all ranks add up to its gradient. */
static void run_rows(struct par_step *step, const struct bl_model *model, int64_t number, double beta)
{
    const struct bl_groups *groups = &step->groups.local;
    const float *terms_own = model->params + model->layout.n_network;
    struct bl_objective *objective = &step->objective;
    struct par_exchange *exchange = &step->exchange;
    struct par_gradient *gradient = &step->gradient;
    const struct bl_objective_out out = {
        .dh = step->dh, .values = step->group_values, .grad = &gradient->part};

    par_exchange_begin(exchange, &step->batch);
    forward(step, model, number, beta);
    par_gradient_clear_local(gradient);

    /* c_j and labels of all N rows j; then what terms sum over the batch: over own rows, then over all ranks */
    par_exchange_codes(exchange, &step->batch);
    const struct bl_batch batch = par_exchange_batch_local(exchange, step->data->labels, step->h);
    bl_objective_sums(objective, &batch, groups);
    par_exchange_sums(exchange, objective->sums);

    /* L, and dh = dL/dc_i of own rows i; then what other ranks found for them in pairs visited once */
    phases_enter(step->phases, PHASE_OBJECTIVE);
    bl_objective_rows(objective, &batch, groups, terms_own, &out);
    par_exchange_pairs(exchange, step->dh);

    /* dz = beta (1 - h^2) dh */
    bl_objective_dz(objective, beta, step->h, step->batch.n_local, step->dh);

    /* dL/dW of own rows. Flags are set before the backward pass: its last bucket carries them. */
    par_step_flags_set_local(step, gradient->flags);
    phases_enter(step->phases, PHASE_BACKWARD);
    bl_network_backward(&step->network, model->params, step->dh, groups, &gradient->part,
                        par_gradient_watch_local(gradient));
}

/* The sum over all ranks. It is computed again if the scale of its grid was too fine or too coarse: at the first
 * step, and when the gradient has grown by more than the headroom. What decides is the same on any number of ranks. */
static struct par_gradient_outcome sum_rows(struct par_step *step, const struct bl_model *model,
                                            int64_t number, struct par_step_outcome *outcome)
{
    struct par_gradient *gradient = &step->gradient;
    struct par_gradient_outcome sum;
    do {
        run_rows(step, model, number, outcome->beta);
        phases_enter(step->phases, PHASE_REDUCE);
        /* g: the sum over ranks, never a mean; terms of W alone are added once, behind it */
        par_gradient_sum(gradient);
        bl_objective_params(&step->objective, &model->layout, model->params,
                            (struct bl_ranges){gradient->n_ranges, gradient->range}, gradient->sum,
                            outcome->parameter_values);
        sum = par_gradient_judge(gradient);
        if (sum.again) /* all have read before any overwrites its part */
            par_nodes_meet(step->nodes);
    } while (sum.again);
    return sum;
}

int par_step_gradient(struct par_step *step, const struct bl_model *model, int64_t number,
                      struct par_step_outcome *outcome, struct bl_error *err)
{
    *outcome = (struct par_step_outcome){.beta = bl_objective_beta(&step->config->objective, number)};
    phases_enter(step->phases, PHASE_INPUT);
    par_batch_load_local(&step->batch, &model->normalizer, number);
    const struct par_gradient_outcome sum = sum_rows(step, model, number, outcome);
    outcome->grad_norm = sqrt(sum.square_sum);
    par_step_flags_read_local(step->gradient.flags, outcome);
    return par_step_flags_check(step, step->gradient.flags, sum.bad, number, err);
}

/* Own slices of the node's one copy: where |g| > G, g becomes g G/|g|; then the optimiser's step. */
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
    phases_enter(step->phases, PHASE_UPDATE);
    outcome->lr =
        bl_schedule_rate(&step->config->optimizer, number, step->total_steps, step->batches.steps_per_epoch);
    update(step, model, optimizer, number, outcome);
    phases_enter(step->phases, PHASE_REDUCE);
    par_nodes_meet(step->nodes); /* the next step reads the parameters that others have updated */
    phases_enter(step->phases, PHASE_OTHER);
    return BL_OK;
}

#include "mpi/plan/plan.h"

#include "base/share.h"
#include "data/shards.h"
#include "loss/objective.h"
#include "loss/tile.h"
#include "model/params.h"
#include "mpi/evaluate/held_out.h"
#include "mpi/h5/table.h"
#include "mpi/rows/read_ahead.h"
#include "mpi/run/run_state.h"
#include "mpi/run/start_model.h"
#include "mpi/step/pair_return.h"
#include "mpi/step/step.h"
#include "optim/schedule.h"

enum { FLOAT_BYTES = 4, WORD_BYTES = 4, ROW_NUMBER_BYTES = 8, DOUBLE_BYTES = 8 };

static int64_t shard_validation(const struct bl_config *config, int64_t rows, int64_t s)
{
    return bl_validation_rows_of(rows, config->data.validation, config->data.shards, s);
}

static int64_t shard_rows(const struct bl_config *config, int64_t rows, int64_t s)
{
    return bl_shard_begin(rows, config->data.shards, s + 1) - bl_shard_begin(rows, config->data.shards, s);
}

static int64_t shard_train(const struct bl_config *config, int64_t rows, int64_t s)
{
    return shard_rows(config, rows, s) - shard_validation(config, rows, s);
}

static void count_rows(struct plan *plan, const struct bl_config *config, int64_t rows)
{
    plan->shard_rows_min = INT64_MAX;
    for (int64_t s = 0; s < config->data.shards; s++) {
        const int64_t n = shard_train(config, rows, s);
        plan->n_train += n;
        plan->n_validation += shard_validation(config, rows, s);
        plan->shard_rows_min = n < plan->shard_rows_min ? n : plan->shard_rows_min;
    }
}

static int plan_steps(struct plan *plan, const struct bl_config *config, struct bl_error *err)
{
    int code = batches_plan(&plan->batches, config->data.shards, plan->n_train, plan->shard_rows_min,
                            config->train.global_batch, err);
    if (code != BL_OK)
        return code;
    plan->steps =
        config->train.steps > 0 ? config->train.steps : config->train.epochs * plan->batches.steps_per_epoch;
    plan->groups = config->train.reduction == BL_REDUCTION_EXACT ? sum_groups_total(config, plan->ranks) : 0;
    plan->warmup_steps = bl_schedule_warmup(&config->optimizer, plan->steps);
    return BL_OK;
}

/* Rows of a batch that a rank brings. */
static int64_t batch_rows(const struct plan *plan, const struct bl_config *config, int64_t rows, int rank)
{
    int64_t lo, hi, batch = 0;
    sum_groups_shards(config, rank, (int)plan->ranks, &lo, &hi);
    for (int64_t s = lo; s < hi; s++)
        batch += batches_rows_of(&plan->batches, shard_train(config, rows, s));
    return batch;
}

static int is_streamed(const struct bl_config *config)
{
    return config->data.residency != BL_RESIDENCY_MEMORY;
}

static int64_t window_rows(const struct bl_config *config, const struct par_split *split)
{
    int64_t most = 0;
    for (int64_t s = 0; s < config->data.shards; s++) {
        const int64_t n = shard_train(config, split->rows, s);
        most = n > most ? n : most;
    }
    return is_streamed(config) ? read_ahead_rows(most, split->dim * (int64_t)bl_type_bytes(split->type),
                                                 config->data.window_mib << 20)
                               : 0;
}

/* Windows of shards [lo, hi); a block and the order of the longest window, for the thread that reads ahead.
 */
static int64_t ahead_bytes(const struct plan *plan, const struct bl_config *config,
                           const struct par_split *split, int64_t lo, int64_t hi)
{
    const int64_t row_bytes = split->dim * (int64_t)bl_type_bytes(split->type);
    int64_t bytes = plan->window_rows * ROW_NUMBER_BYTES + h5_rows_per_block(row_bytes) * row_bytes;
    for (int64_t s = lo; s < hi; s++)
        bytes +=
            read_ahead_bytes(shard_train(config, split->rows, s), row_bytes, config->data.window_mib << 20);
    return is_streamed(config) ? bytes : 0;
}

static void plan_rank(struct plan *plan, const struct bl_config *config, const struct par_split *split,
                      const struct bl_shape *shape, int rank)
{
    int64_t lo, hi, rows = 0, train = 0;
    const int64_t batch = batch_rows(plan, config, split->rows, rank);
    sum_groups_shards(config, rank, (int)plan->ranks, &lo, &hi);
    for (int64_t s = lo; s < hi; s++) {
        rows += shard_rows(config, split->rows, s);
        train += shard_train(config, split->rows, s);
    }
    const int64_t place_bytes = bl_objective_wants_memory(&config->objective) ? WORD_BYTES : 0;
    const int64_t data_bytes =
        par_train_data_bytes_local(rows, train, split->dim * (int64_t)bl_type_bytes(split->type),
                                   split->labels.words, is_streamed(config)) +
        ahead_bytes(plan, config, split, lo, hi) + rows * place_bytes;
    const int64_t batch_bytes = par_step_rows_bytes_local(config, shape, batch, split->labels.words);
    plan->batch_rows = batch > plan->batch_rows ? batch : plan->batch_rows;
    const int64_t start_bytes = par_start_bytes_local(config, shape, train);
    plan->start_bytes = start_bytes > plan->start_bytes ? start_bytes : plan->start_bytes;
    plan->data_bytes = data_bytes > plan->data_bytes ? data_bytes : plan->data_bytes;
    plan->batch_bytes = batch_bytes > plan->batch_bytes ? batch_bytes : plan->batch_bytes;
}

void plan_node(const struct plan *plan, int64_t node, int64_t *lo, int64_t *hi)
{
    bl_share(plan->ranks, (int)node, (int)plan->nodes, lo, hi);
}

static void plan_nodes(struct plan *plan, const struct bl_config *config)
{
    plan->nodes = config->train.shared == BL_SHARED_OFF ? plan->ranks : plan->hosts;
    plan->lanes = plan->ranks;
    for (int64_t node = 0; node < plan->nodes; node++) {
        int64_t lo, hi;
        plan_node(plan, node, &lo, &hi);
        plan->node_ranks = hi - lo > plan->node_ranks ? hi - lo : plan->node_ranks;
        plan->lanes = hi - lo < plan->lanes ? hi - lo : plan->lanes;
    }
}

static struct overlap overlap_of(const struct plan *plan, const struct bl_config *config)
{
    return overlap_choose(config, plan->ranks, plan->hosts, plan->lanes);
}

/* A checkpoint in the background is written from a copy, of which each rank has a share. */
static int64_t copy_bytes(const struct plan *plan, const struct bl_config *config, int64_t bytes)
{
    return config->checkpoint.behind ? bytes / plan->ranks : 0;
}

/* Parameters and states; the gradient, of which a rank of the smallest node may need most. */
static void plan_parameters(struct plan *plan, const struct bl_config *config, const struct bl_layout *layout)
{
    const int exact = config->train.reduction == BL_REDUCTION_EXACT;
    const int is_even = plan->lanes == plan->node_ranks;
    plan->shared_parameter_bytes = par_run_state_bytes_local(config, plan->parameters);
    plan->parameter_bytes = par_gradient_bytes_local(layout, exact, (int)plan->nodes, (int)plan->lanes,
                                                     is_even, overlap_of(plan, config).bucket_floats > 0) +
                            copy_bytes(plan, config, plan->shared_parameter_bytes);
}

static struct gather_row row_of(const struct plan *plan, const struct bl_config *config,
                                const struct par_split *split)
{
    return (struct gather_row){.bits = plan->bits,
                               .label_words = split->labels.words,
                               .with_places = bl_objective_wants_memory(&config->objective),
                               .in_flight = overlap_of(plan, config).codes};
}

/* Codes of the batch, and of all training rows where those are kept; what the objective needs for its
 * columns. */
static void plan_codes(struct plan *plan, const struct bl_config *config, const struct par_split *split)
{
    const int64_t words = split->labels.words, threads = config->train.threads,
                  batch = plan->batches.n_global;
    const struct gather_row row = row_of(plan, config, split);
    const int64_t columns = row.with_places ? plan->n_train : batch;
    plan->gathered_bytes = plan->gathers ? batch * par_gather_row_bytes_local(&row) : 0;
    plan->shared_gather_bytes = par_gather_bytes_local(batch, &row);
    if (row.with_places) {
        plan->shared_codes_bytes = par_code_memory_bytes_local(plan->n_train, plan->bits, words);
        plan->codes_bytes =
            plan->n_train * FLOAT_BYTES + copy_bytes(plan, config, plan->n_train * plan->bits * FLOAT_BYTES);
    }
    if (plan->gathers && split->labels.kind == BL_LABELS_GROUPS && words > 1)
        plan->gather_bytes += columns * words * WORD_BYTES;
    const int64_t node_rows = (batch * plan->node_ranks + plan->ranks - 1) / plan->ranks;
    if (plan->once)
        plan->gather_bytes +=
            par_pair_return_bytes_local(node_rows, plan->bits, threads) + threads * node_rows * DOUBLE_BYTES;
    if (plan->gathers)
        plan->batch_bytes += threads * BL_TILE_FLOATS * FLOAT_BYTES;
}

/* What depends on the terms: an objective that is made for it says so. */
static int plan_parts(struct plan *plan, const struct bl_config *config, const struct par_split *split,
                      const struct bl_layout *layout, struct bl_error *err)
{
    struct bl_objective objective;
    const struct bl_product product = {.threads = (int)config->train.threads};
    int code = bl_objective_init(&objective, &config->objective, layout, split->labels, 1, 1, &product, err);
    if (code != BL_OK)
        return code;
    plan->gathers = bl_objective_needs_gather(&objective);
    plan->once = par_pair_return_wanted_local(config, plan->batches.n_global);
    plan->sums = bl_objective_n_sums(&objective);
    plan->batch_bytes +=
        FLOAT_BYTES * bl_objective_work_floats(&objective, layout, split->labels, plan->batch_rows);
    bl_objective_free(&objective);
    plan_parameters(plan, config, layout);
    plan_codes(plan, config, split);
    return BL_OK;
}

/* Rows of a batch that ranks before `rank` bring. */
static int64_t rows_before(const struct plan *plan, const struct bl_config *config, int64_t rows,
                           int64_t rank)
{
    int64_t lo = config->data.shards, hi, before = 0;
    if (rank < plan->ranks)
        sum_groups_shards(config, (int)rank, (int)plan->ranks, &lo, &hi);
    for (int64_t s = 0; s < lo; s++)
        before += batches_rows_of(&plan->batches, shard_train(config, rows, s));
    return before;
}

/* A rank's node, and its place there. */
static struct traffic_lane lane_of(const struct plan *plan, int64_t rank)
{
    int64_t node = 0, lo, hi;
    plan_node(plan, node, &lo, &hi);
    while (rank >= hi)
        plan_node(plan, ++node, &lo, &hi);
    return (struct traffic_lane){.node = (int)node,
                                 .n_nodes = (int)plan->nodes,
                                 .lane = (int)(rank - lo),
                                 .n_lanes = (int)plan->lanes};
}

/* Rows of other nodes once: each lane an even part of every node's. */
static struct par_traffic_count codes_traffic(const struct plan *plan, const struct bl_config *config,
                                              const struct par_split *split, const struct traffic_lane *lane)
{
    const struct gather_row row = row_of(plan, config, split);
    int64_t all = 0, own = 0;
    for (int64_t k = 0; k < plan->nodes; k++) {
        int64_t first, end, lo, hi;
        plan_node(plan, k, &first, &end);
        bl_share(rows_before(plan, config, split->rows, end) - rows_before(plan, config, split->rows, first),
                 lane->lane, lane->n_lanes, &lo, &hi);
        all += hi - lo;
        own = k == lane->node ? hi - lo : own;
    }
    return par_gather_traffic_local(&row, all, own, lane->n_nodes);
}

struct par_traffic plan_traffic(const struct plan *plan, const struct bl_config *config,
                                const struct par_split *split, int rank)
{
    const struct bl_shape shape = bl_shape_of(&config->model, split->dim);
    struct bl_layout layout = bl_layout_of(&shape);
    struct par_traffic traffic = {0};
    const struct traffic_lane lane = lane_of(plan, rank);
    if (plan->nodes == 1 || lane.lane >= lane.n_lanes)
        return traffic;
    bl_objective_tensors(&config->objective, split->labels, plan->bits, &layout);
    if (plan->gathers)
        traffic.of[PAR_TRAFFIC_CODES] = codes_traffic(plan, config, split, &lane);
    traffic.of[PAR_TRAFFIC_SUMS] = par_sums_traffic_local(plan->sums, &lane);
    traffic.of[PAR_TRAFFIC_GRADIENT] =
        par_gradient_traffic_local(&layout, config->train.reduction == BL_REDUCTION_EXACT,
                                   (int)config->train.threads, overlap_of(plan, config).bucket_floats, &lane);
    return traffic;
}

static void plan_links(struct plan *plan, const struct bl_config *config, const struct par_split *split)
{
    int64_t most = 0;
    for (int64_t node = 0; node < plan->nodes; node++) {
        struct par_traffic_count link = {0};
        int64_t lo, hi;
        plan_node(plan, node, &lo, &hi);
        for (int64_t rank = lo; rank < hi; rank++) {
            const struct par_traffic traffic = plan_traffic(plan, config, split, (int)rank);
            const struct par_traffic_count step = traffic_of_steps(&traffic);
            if (step.received_bytes > most)
                plan->traffic = traffic;
            most = step.received_bytes > most ? step.received_bytes : most;
            traffic_add(&link, &step);
        }
        if (link.sent_bytes > plan->link_sent_bytes)
            plan->link_sent_bytes = link.sent_bytes;
        if (link.received_bytes > plan->link_received_bytes)
            plan->link_received_bytes = link.received_bytes;
    }
}

int plan_make(struct plan *plan, const struct bl_config *config, const struct par_split *split, int64_t ranks,
              int64_t hosts, struct bl_error *err)
{
    *plan = (struct plan){.ranks = ranks, .hosts = hosts < ranks ? hosts : ranks};
    const struct bl_shape shape = bl_shape_of(&config->model, split->dim);
    int code = sum_groups_check(config, split->rows, ranks, err);
    if (code == BL_OK)
        code = bl_shape_check(&shape, err);
    if (code == BL_OK)
        code = par_start_check_local(config, &shape, err);
    if (code != BL_OK)
        return code;
    plan->layers = shape.n_layers;
    plan->bits = bl_shape_code_bits(&shape);
    struct bl_layout layout = bl_layout_of(&shape);
    bl_objective_tensors(&config->objective, split->labels, plan->bits, &layout);
    plan->parameters = layout.n_params;
    count_rows(plan, config, split->rows);
    code = held_out_check_early_stop(config, plan->n_validation, split->labels, err);
    if (code == BL_OK)
        code = plan_steps(plan, config, err);
    if (code != BL_OK)
        return code;
    plan->window_rows = window_rows(config, split);
    for (int rank = 0; rank < ranks; rank++)
        plan_rank(plan, config, split, &shape, rank);
    plan_nodes(plan, config);
    code = plan_parts(plan, config, split, &layout, err);
    if (code == BL_OK)
        plan_links(plan, config, split);
    return code;
}

static int64_t own_bytes(const struct plan *plan)
{
    return plan->data_bytes + plan->batch_bytes + plan->parameter_bytes + plan->gather_bytes +
           plan->codes_bytes;
}

static int64_t shared_bytes(const struct plan *plan)
{
    return plan->shared_parameter_bytes + plan->shared_gather_bytes + plan->shared_codes_bytes;
}

int64_t plan_memory(const struct plan *plan)
{
    return own_bytes(plan) + shared_bytes(plan);
}

int64_t plan_node_memory(const struct plan *plan)
{
    return plan->node_ranks * own_bytes(plan) + shared_bytes(plan);
}

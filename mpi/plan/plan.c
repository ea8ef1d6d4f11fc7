#include "mpi/plan/plan.h"

#include "base/share.h"
#include "data/shards.h"
#include "loss/objective.h"
#include "loss/tile.h"
#include "model/params.h"
#include "mpi/evaluate/held_out.h"
#include "mpi/h5/table.h"
#include "mpi/rows/read_ahead.h"
#include "mpi/run/start_model.h"
#include "mpi/step/batch.h"
#include "mpi/step/pair_return.h"
#include "mpi/step/step.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

enum { FLOAT_BYTES = 4, WORD_BYTES = 4, ROW_NUMBER_BYTES = 8, INTEGER_BYTES = 8, DOUBLE_BYTES = 8 };

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

static int64_t window_rows(const struct bl_config *config, const struct par_split *split)
{
    int64_t most = 0;
    for (int64_t s = 0; s < config->data.shards; s++) {
        const int64_t n = shard_train(config, split->rows, s);
        most = n > most ? n : most;
    }
    return config->data.residency == BL_RESIDENCY_MEMORY
               ? 0
               : read_ahead_rows(most, split->dim * (int64_t)bl_type_bytes(split->type),
                                 config->data.window_mib << 20);
}

/* What a rank holds of the features of its shards [lo, hi), and their orders. Streamed, that is windows, and
 * three blocks: of a pass over all rows, of the file, and of the thread that reads ahead. */
static int64_t features_bytes(const struct plan *plan, const struct bl_config *config,
                              const struct par_split *split, int64_t lo, int64_t hi)
{
    const int64_t row_bytes = split->dim * (int64_t)bl_type_bytes(split->type);
    const int64_t block_rows = h5_rows_per_block(row_bytes);
    int64_t whole = 0, windows = plan->window_rows * ROW_NUMBER_BYTES + 3 * block_rows * row_bytes, rows = 0;
    for (int64_t s = lo; s < hi; s++) {
        const int64_t n = shard_train(config, split->rows, s);
        rows += shard_rows(config, split->rows, s);
        whole += shard_rows(config, split->rows, s) * row_bytes + n * ROW_NUMBER_BYTES;
        windows += read_ahead_bytes(n, row_bytes, config->data.window_mib << 20);
    }
    windows += (rows / block_rows + 2) * INTEGER_BYTES; /* checksums */
    return config->data.residency == BL_RESIDENCY_MEMORY ? whole : windows;
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
    const int64_t label_bytes = split->labels.words * WORD_BYTES;
    const int64_t place_bytes = bl_objective_wants_memory(&config->objective) ? WORD_BYTES : 0;
    const int64_t data_bytes = rows * (place_bytes + label_bytes + 1 + ROW_NUMBER_BYTES) +
                               features_bytes(plan, config, split, lo, hi);
    const int64_t batch_bytes = par_batch_bytes_local(batch, split->dim, split->labels.words) +
                                3 * batch * plan->bits * FLOAT_BYTES +
                                FLOAT_BYTES * bl_network_floats(shape, batch, (int)config->train.threads);
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

/* Parameters, gradient and states; a copy for checkpoints, of which each rank has a share. */
static void plan_parameters(struct plan *plan, const struct bl_config *config, const struct bl_layout *layout)
{
    const int exact = config->train.reduction == BL_REDUCTION_EXACT;
    const int64_t blocks = 2 + bl_optimizer_states(&config->optimizer);
    plan->shared_parameter_bytes = blocks * plan->parameters * FLOAT_BYTES;
    /* A rank alone on its node sends from one part into another, in flight or beside larger nodes
     * (mpi/step/gradient.c). */
    const int uneven = plan->lanes<plan->node_ranks, in_flight = overlap_of(plan, config).bucket_floats> 0;
    const int64_t parts = 1 + (plan->lanes == 1 && plan->nodes > 1 && (in_flight || uneven));
    plan->parameter_bytes = parts * par_gradient_bytes_local(layout, exact);
    if (config->checkpoint.behind)
        plan->parameter_bytes += plan->shared_parameter_bytes / plan->ranks;
}

/* Codes of the batch, and of all training rows where those are kept. */
static void plan_codes(struct plan *plan, const struct bl_config *config, const struct par_split *split)
{
    const int64_t words = split->labels.words, threads = config->train.threads;
    const int has_memory = bl_objective_wants_memory(&config->objective);
    plan->gathered_bytes =
        plan->gathers ? plan->batches.n_global * (plan->bits + words + has_memory) * FLOAT_BYTES : 0;
    plan->shared_gather_bytes = par_gather_bytes_local(plan->batches.n_global, plan->bits, words, has_memory,
                                                       overlap_of(plan, config).codes);
    if (has_memory) {
        plan->shared_codes_bytes = par_code_memory_bytes_local(plan->n_train, plan->bits, words);
        plan->codes_bytes =
            plan->n_train * FLOAT_BYTES +
            (config->checkpoint.behind ? plan->n_train * plan->bits * FLOAT_BYTES / plan->ranks : 0);
    }
    if (plan->gathers && split->labels.kind == BL_LABELS_GROUPS && words > 1)
        plan->gather_bytes += (has_memory ? plan->n_train : plan->batches.n_global) * words * WORD_BYTES;
    const int64_t node_rows = (plan->batches.n_global * plan->node_ranks + plan->ranks - 1) / plan->ranks;
    if (plan->once)
        plan->gather_bytes +=
            par_pair_return_bytes_local(node_rows, plan->bits, threads) + threads * node_rows * DOUBLE_BYTES;
    if (plan->gathers)
        plan->batch_bytes += threads * BL_TILE_FLOATS * FLOAT_BYTES;
}

/* What depends on the objective, asked of the one that will run. */
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
static int64_t find_node(const struct plan *plan, int64_t rank, int64_t *place)
{
    int64_t node = 0, lo, hi;
    plan_node(plan, node, &lo, &hi);
    while (rank >= hi)
        plan_node(plan, ++node, &lo, &hi);
    *place = rank - lo;
    return node;
}

/* Rows of other nodes once: each lane an even part of every node's. */
static struct par_traffic_count codes_traffic(const struct plan *plan, const struct bl_config *config,
                                              const struct par_split *split, int64_t node, int64_t place)
{
    const int64_t row_bytes = plan->gathered_bytes / plan->batches.n_global;
    int64_t all = 0, own = 0;
    for (int64_t k = 0; k < plan->nodes; k++) {
        int64_t first, end, lo, hi;
        plan_node(plan, k, &first, &end);
        bl_share(rows_before(plan, config, split->rows, end) - rows_before(plan, config, split->rows, first),
                 (int)place, (int)plan->lanes, &lo, &hi);
        all += hi - lo;
        own = k == node ? hi - lo : own;
    }
    struct par_traffic_count count = {0};
    if (all > 0)
        count = traffic_allgather(all * row_bytes, own * row_bytes, (int)plan->nodes);
    if (overlap_of(plan, config).codes && split->labels.words > 0) {
        count.collectives *= 2; /* labels by themselves */
        count.messages *= 2;
    }
    return count;
}

static void add_count(struct par_traffic_count *sum, struct par_traffic_count more)
{
    sum->collectives += more.collectives;
    sum->messages += more.messages;
    sum->sent_bytes += more.sent_bytes;
    sum->received_bytes += more.received_bytes;
}

/* The lane's slice of each bucket, the tail with the first lane's of the last. */
static struct par_traffic_count gradient_traffic(const struct plan *plan, const struct bl_config *config,
                                                 const struct bl_layout *layout, int64_t node, int64_t place)
{
    const int exact = config->train.reduction == BL_REDUCTION_EXACT;
    const struct slices slices = slices_cut(layout, (int)plan->lanes, (int)config->train.threads,
                                            overlap_of(plan, config).bucket_floats);
    struct par_traffic_count sum = {0};
    for (int b = 0; b < slices.n_buckets; b++) {
        int64_t lo, hi;
        slices_range(&slices, b, (int)place, &lo, &hi);
        if (b + 1 == slices.n_buckets && place == 0)
            hi += par_gradient_tail_local(layout, exact);
        if (hi > lo)
            add_count(&sum, traffic_allreduce(hi - lo, FLOAT_BYTES, (int)node, (int)plan->nodes));
    }
    return sum;
}

struct par_traffic plan_traffic(const struct plan *plan, const struct bl_config *config,
                                const struct par_split *split, int rank)
{
    const struct bl_shape shape = bl_shape_of(&config->model, split->dim);
    struct bl_layout layout = bl_layout_of(&shape);
    struct par_traffic traffic = {0};
    int64_t place, lo, hi;
    const int64_t node = find_node(plan, rank, &place);
    if (plan->nodes == 1 || place >= plan->lanes)
        return traffic;
    bl_objective_tensors(&config->objective, split->labels, plan->bits, &layout);
    if (plan->gathers)
        traffic.of[PAR_TRAFFIC_CODES] = codes_traffic(plan, config, split, node, place);
    bl_share(plan->sums, (int)place, (int)plan->lanes, &lo, &hi);
    if (hi > lo)
        traffic.of[PAR_TRAFFIC_SUMS] = traffic_allreduce(hi - lo, INTEGER_BYTES, (int)node, (int)plan->nodes);
    traffic.of[PAR_TRAFFIC_GRADIENT] = gradient_traffic(plan, config, &layout, node, place);
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
            add_count(&link, step);
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

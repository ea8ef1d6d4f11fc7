#include "mpi/plan.h"

#include "data/shards.h"
#include "loss/objective.h"
#include "loss/pair_blocks.h"
#include "loss/tile.h"
#include "math/tree.h"
#include "model/params.h"
#include "mpi/h5.h"
#include "mpi/mirror.h"
#include "mpi/read_ahead.h"
#include "mpi/start_model.h"
#include "mpi/step.h"
#include "mpi/validate.h"
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

static void count_rows(struct par_plan *plan, const struct bl_config *config, int64_t rows)
{
    plan->shard_rows_min = INT64_MAX;
    for (int64_t s = 0; s < config->data.shards; s++) {
        const int64_t n = shard_train(config, rows, s);
        plan->n_train += n;
        plan->n_validation += shard_validation(config, rows, s);
        plan->shard_rows_min = n < plan->shard_rows_min ? n : plan->shard_rows_min;
    }
}

/* The batches as training plans them, of a rank without shards: its own rows are counted below. */
static int plan_steps(struct par_plan *plan, const struct bl_config *config, struct bl_error *err)
{
    const struct par_train_data data = {.shards = config->data.shards,
                                        .n_train_global = plan->n_train,
                                        .shard_rows_min = plan->shard_rows_min};
    struct par_batches batches;
    int code = par_batches_plan(&batches, par_alone(), &data, config->train.global_batch, err);
    if (code != BL_OK)
        return code;
    plan->batch = batches.n_global;
    plan->steps_per_epoch = batches.steps_per_epoch;
    plan->steps =
        config->train.steps > 0 ? config->train.steps : config->train.epochs * batches.steps_per_epoch;
    plan->groups =
        config->train.reduction == BL_REDUCTION_EXACT ? par_groups_total_local(config, plan->ranks) : 0;
    plan->warmup_steps = bl_schedule_warmup(&config->optimizer, plan->steps);
    return BL_OK;
}

/* Rows of a batch that a rank brings. */
static int64_t batch_rows(const struct par_plan *plan, const struct bl_config *config, int64_t rows, int rank)
{
    int64_t lo, hi, batch = 0;
    par_groups_shards_local(config, rank, (int)plan->ranks, &lo, &hi);
    for (int64_t s = lo; s < hi; s++)
        batch += config->train.global_batch > 0 ? config->train.global_batch / config->data.shards
                                                : shard_train(config, rows, s);
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
               : par_read_ahead_rows_local(most, split->dim * (int64_t)bl_type_bytes(split->type),
                                           config->data.window_mib << 20);
}

/* What a rank holds of the features of its shards [lo, hi), and their orders. Streamed, that is windows, and
 * three blocks: of a pass over all rows, of the file, and of the thread that reads ahead. */
static int64_t features_bytes(const struct par_plan *plan, const struct bl_config *config,
                              const struct par_split *split, int64_t lo, int64_t hi)
{
    const int64_t row_bytes = split->dim * (int64_t)bl_type_bytes(split->type);
    const int64_t block_rows = h5_rows_per_block(row_bytes);
    int64_t whole = 0, windows = plan->window_rows * ROW_NUMBER_BYTES + 3 * block_rows * row_bytes, rows = 0;
    for (int64_t s = lo; s < hi; s++) {
        const int64_t n = shard_train(config, split->rows, s);
        rows += shard_rows(config, split->rows, s);
        whole += shard_rows(config, split->rows, s) * row_bytes + n * ROW_NUMBER_BYTES;
        windows += par_read_ahead_bytes_local(n, row_bytes, config->data.window_mib << 20);
    }
    windows += (rows / block_rows + 2) * INTEGER_BYTES; /* checksums */
    return config->data.residency == BL_RESIDENCY_MEMORY ? whole : windows;
}

static void plan_rank(struct par_plan *plan, const struct bl_config *config, const struct par_split *split,
                      const struct bl_shape *shape, int rank)
{
    int64_t lo, hi, rows = 0, train = 0;
    const int64_t batch = batch_rows(plan, config, split->rows, rank);
    par_groups_shards_local(config, rank, (int)plan->ranks, &lo, &hi);
    for (int64_t s = lo; s < hi; s++) {
        rows += shard_rows(config, split->rows, s);
        train += shard_train(config, split->rows, s);
    }
    const int64_t label_bytes = split->labels.words * WORD_BYTES;
    const int64_t place_bytes = bl_objective_wants_memory(&config->objective) ? WORD_BYTES : 0;
    const int64_t data_bytes = rows * (place_bytes + label_bytes + 1 + ROW_NUMBER_BYTES) +
                               features_bytes(plan, config, split, lo, hi);
    const int64_t batch_bytes =
        batch * (ROW_NUMBER_BYTES + label_bytes + FLOAT_BYTES * (split->dim + 3 * plan->bits)) +
        FLOAT_BYTES * bl_network_floats(shape, batch, (int)config->train.threads);
    plan->batch_rows = batch > plan->batch_rows ? batch : plan->batch_rows;
    const int64_t start_bytes = par_start_bytes_local(config, shape, train);
    plan->start_bytes = start_bytes > plan->start_bytes ? start_bytes : plan->start_bytes;
    plan->data_bytes = data_bytes > plan->data_bytes ? data_bytes : plan->data_bytes;
    plan->batch_bytes = batch_bytes > plan->batch_bytes ? batch_bytes : plan->batch_bytes;
}

/* Nodes of the tree over groups that a rank makes. */
static int64_t nodes_of(const struct par_plan *plan, int rank)
{
    int64_t lo, hi;
    const int64_t groups = plan->groups > 0 ? plan->groups : plan->ranks;
    par_range_local(groups, rank, (int)plan->ranks, &lo, &hi);
    return bl_tree_of(lo, hi).n_nodes;
}

static void count_nodes(struct par_plan *plan)
{
    for (int rank = 0; rank < plan->ranks; rank++) {
        const int64_t nodes = nodes_of(plan, rank);
        plan->most_nodes = nodes > plan->most_nodes ? nodes : plan->most_nodes;
        plan->all_nodes += nodes;
    }
}

/* Parameter blocks that the gradient takes: one for each node of a rank's tree, and what is received of the
 * others'. */
static int64_t gradient_blocks(const struct par_plan *plan)
{
    const int64_t others = plan->all_nodes - plan->most_nodes;
    return plan->most_nodes + (others + plan->ranks - 1) / plan->ranks;
}

/* What depends on the objective and the optimiser, asked of those that will run. */
static int plan_parts(struct par_plan *plan, const struct bl_config *config, const struct par_split *split,
                      const struct bl_layout *layout, struct bl_error *err)
{
    struct bl_objective objective;
    struct bl_optimizer optimizer;
    const struct bl_layout nothing = {0};
    const int64_t label_bytes = split->labels.words * WORD_BYTES;
    const struct bl_product product = {.threads = (int)config->train.threads};
    int code = bl_objective_init(&objective, &config->objective, layout, split->labels, 1, 1, &product, err);
    if (code != BL_OK)
        return code;
    plan->gathers = bl_objective_needs_gather(&objective);
    plan->once = par_mirror_wanted_local(config, plan->batch);
    plan->sums = bl_objective_n_sums(&objective);
    plan->batch_bytes +=
        FLOAT_BYTES * bl_objective_work_floats(&objective, layout, split->labels, plan->batch_rows);
    bl_objective_free(&objective);
    code = bl_optimizer_init(&optimizer, &config->optimizer, &nothing, err);
    if (code != BL_OK)
        return code;
    plan->parameter_bytes =
        plan->parameters * FLOAT_BYTES * (2 + gradient_blocks(plan) + optimizer.type->n_states);
    if (config->checkpoint.behind) /* a rank's share of a checkpoint's private copy */
        plan->parameter_bytes +=
            plan->parameters * FLOAT_BYTES * (2 + optimizer.type->n_states) / plan->ranks;
    bl_optimizer_free(&optimizer);
    const int64_t place_bytes = bl_objective_wants_memory(&config->objective) ? WORD_BYTES : 0;
    const int64_t row_bytes = plan->bits * FLOAT_BYTES + label_bytes + place_bytes;
    plan->gather_bytes = plan->batch * (row_bytes + label_bytes + place_bytes);
    if (place_bytes > 0)
        plan->codes_bytes =
            plan->n_train * ((plan->bits + 1) * FLOAT_BYTES + label_bytes) +
            (config->checkpoint.behind ? plan->n_train * plan->bits * FLOAT_BYTES / plan->ranks : 0);
    plan->gathered_bytes = plan->gathers ? plan->batch * row_bytes : 0;
    if (plan->gathers && split->labels.kind == BL_LABELS_GROUPS && split->labels.words > 1)
        plan->gather_bytes += (place_bytes > 0 ? plan->n_train : plan->batch) * label_bytes;
    if (plan->once) /* of all columns for each thread, with their own factors; about half of the ranks send */
        plan->gather_bytes +=
            plan->batch * config->train.threads * (plan->bits * FLOAT_BYTES + DOUBLE_BYTES) +
            plan->ranks / 2 * plan->batch_rows * plan->bits * FLOAT_BYTES;
    if (plan->gathers)
        plan->batch_bytes += config->train.threads * BL_TILE_FLOATS * FLOAT_BYTES;
    return BL_OK;
}

/* Blocks of rows of the ranks before `rank`. */
static int64_t blocks_before(const struct par_plan *plan, const struct bl_config *config, int64_t rows,
                             int64_t rank)
{
    int64_t n = 0;
    for (int r = 0; r < rank; r++)
        n += bl_pair_blocks_of(batch_rows(plan, config, rows, r));
    return n;
}

/* Gradients of codes, from the rank whose blocks meet another's to that one. */
static struct par_traffic_count pairs_traffic(const struct par_plan *plan, const struct bl_config *config,
                                              int64_t rows, int rank)
{
    const int64_t row_bytes = plan->bits * FLOAT_BYTES, n_local = batch_rows(plan, config, rows, rank);
    const int64_t n = blocks_before(plan, config, rows, plan->ranks);
    const int64_t own = blocks_before(plan, config, rows, rank), own_end = own + bl_pair_blocks_of(n_local);
    struct par_traffic_count sum = {.collectives = 1};
    for (int64_t r = 0, first = 0, end; r < plan->ranks; r++, first = end) {
        const int64_t n_rows = batch_rows(plan, config, rows, (int)r);
        end = first + bl_pair_blocks_of(n_rows);
        if (r != rank && bl_pair_reaches(n, own, own_end, first, end)) {
            sum.messages++;
            sum.sent_bytes += n_rows * row_bytes;
        }
        if (r != rank && bl_pair_reaches(n, first, end, own, own_end))
            sum.received_bytes += n_local * row_bytes;
    }
    return sum;
}

/* docs/scaling.md: nodes to the owners of slices, flags and squares, updated slices. */
static void gradient_traffic(struct par_traffic *traffic, const struct par_plan *plan,
                             const struct bl_config *config, const struct bl_layout *layout, int rank)
{
    const int ranks = (int)plan->ranks;
    const struct par_slices slices =
        par_slices_local(layout, ranks, (int)config->train.threads,
                         par_overlap_local(config, ranks, plan->hosts).bucket_floats);
    const int64_t own_nodes = nodes_of(plan, rank), own = par_slices_params_of_local(&slices, rank);
    traffic->of[PAR_TRAFFIC_GRADIENT] = (struct par_traffic_count){
        .collectives = plan->most_nodes * slices.n_buckets,
        .sent_bytes = own_nodes * (plan->parameters - own) * FLOAT_BYTES,
        .received_bytes = (plan->all_nodes - own_nodes) * own * FLOAT_BYTES,
    };
    traffic->of[PAR_TRAFFIC_FLAGS] = par_traffic_allgather(
        (slices.n_blocks + ranks * PAR_STEP_FLAGS) * DOUBLE_BYTES,
        (par_slices_blocks_of_local(&slices, rank) + PAR_STEP_FLAGS) * DOUBLE_BYTES, ranks);
    traffic->of[PAR_TRAFFIC_PARAMETERS] =
        par_traffic_allgather(plan->parameters * FLOAT_BYTES, own * FLOAT_BYTES, ranks);
    traffic->of[PAR_TRAFFIC_PARAMETERS].collectives = slices.n_buckets;
    traffic->of[PAR_TRAFFIC_PARAMETERS].messages = 0;
    for (int b = 0; b < slices.n_buckets; b++) {
        const int64_t blocks = slices.end[b] - slices.end[b + 1], owners = blocks < ranks ? blocks : ranks;
        int64_t lo, hi;
        par_slices_range_local(&slices, b, rank, &lo, &hi);
        traffic->of[PAR_TRAFFIC_GRADIENT].messages += own_nodes * (owners - (hi > lo));
        traffic->of[PAR_TRAFFIC_PARAMETERS].messages += hi > lo ? ranks - 1 : 0;
    }
}

struct par_traffic par_plan_traffic_local(const struct par_plan *plan, const struct bl_config *config,
                                          const struct par_split *split, int rank)
{
    const int ranks = (int)plan->ranks;
    const struct bl_shape shape = bl_shape_of(&config->model, split->dim);
    struct bl_layout layout = bl_layout_of(&shape);
    struct par_traffic traffic = {0};
    const int64_t row_bytes = plan->batch > 0 ? plan->gathered_bytes / plan->batch : 0;
    if (ranks == 1)
        return traffic;
    bl_objective_tensors(&config->objective, split->labels, plan->bits, &layout);
    if (plan->gathers)
        traffic.of[PAR_TRAFFIC_CODES] = par_traffic_allgather(
            plan->batch * row_bytes, batch_rows(plan, config, split->rows, rank) * row_bytes, ranks);
    if (plan->gathers && par_overlap_local(config, ranks, plan->hosts).codes && split->labels.words > 0) {
        traffic.of[PAR_TRAFFIC_CODES].collectives *= 2; /* labels by themselves */
        traffic.of[PAR_TRAFFIC_CODES].messages *= 2;
    }
    if (plan->sums > 0)
        traffic.of[PAR_TRAFFIC_SUMS] = par_traffic_allreduce(plan->sums, INTEGER_BYTES, rank, ranks);
    if (plan->once)
        traffic.of[PAR_TRAFFIC_PAIRS] = pairs_traffic(plan, config, split->rows, rank);
    gradient_traffic(&traffic, plan, config, &layout, rank);
    return traffic;
}

static void plan_traffic(struct par_plan *plan, const struct bl_config *config, const struct par_split *split)
{
    int64_t most = 0;
    for (int rank = 0; rank < plan->ranks; rank++) {
        const struct par_traffic traffic = par_plan_traffic_local(plan, config, split, rank);
        const int64_t received = par_traffic_of_steps(&traffic).received_bytes;
        if (received > most)
            plan->traffic = traffic;
        most = received > most ? received : most;
    }
}

int par_plan_local(struct par_plan *plan, const struct bl_config *config, const struct par_split *split,
                   int64_t ranks, int64_t hosts, struct bl_error *err)
{
    *plan = (struct par_plan){.ranks = ranks, .hosts = hosts};
    const struct bl_shape shape = bl_shape_of(&config->model, split->dim);
    int code = par_groups_check_local(config, split->rows, ranks, err);
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
    code = par_early_stop_check_local(config, plan->n_validation, split->labels, err);
    if (code == BL_OK)
        code = plan_steps(plan, config, err);
    if (code != BL_OK)
        return code;
    plan->window_rows = window_rows(config, split);
    for (int rank = 0; rank < ranks; rank++)
        plan_rank(plan, config, split, &shape, rank);
    count_nodes(plan);
    code = plan_parts(plan, config, split, &layout, err);
    if (code == BL_OK)
        plan_traffic(plan, config, split);
    return code;
}

int64_t par_plan_memory_local(const struct par_plan *plan)
{
    return plan->data_bytes + plan->batch_bytes + plan->parameter_bytes + plan->gather_bytes +
           plan->codes_bytes;
}

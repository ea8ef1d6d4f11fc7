#include "mpi/plan/forecast.h"

#include <math.h>

#include "cost/trial.h"
#include "mpi/step/gradient.h"
#include "mpi/step/step.h"

static const double good_efficiency = 0.8;

const char *forecast_limit_name(enum forecast_limit limit)
{
    static const char *const names[] = {[LIMIT_NONE] = "",
                                        [LIMIT_BATCH] = "batch",
                                        [LIMIT_NETWORK] = "network",
                                        [LIMIT_MEMORY] = "memory",
                                        [LIMIT_CORES] = "cores"};
    return names[limit];
}

/* The sizes of the rank with most rows; it updates a slice of its node's parameters. With a memory
 * of codes rows are paired with all training rows. */
static struct bl_trial_size trial_size(const struct plan *plan, const struct bl_config *config)
{
    const int64_t columns =
        bl_objective_wants_memory(&config->objective) ? plan->n_train : plan->batches.n_global;
    const int64_t ranks = plan->ranks, per_node = plan->node_ranks;
    const struct bl_trial_size size = {.n_local = plan->batch_rows,
                                       .n_global = columns,
                                       .groups = plan->groups > 0 ? (plan->groups + ranks - 1) / ranks : 1,
                                       .updated = (plan->parameters + per_node - 1) / per_node,
                                       .once = plan->once,
                                       .node_ranks = per_node};
    return size;
}

/* How often the ranks of a node meet in a step: around the exchange of codes, before gradients of codes are
 * read, in sums of terms, twice around the sum of the gradient and once after the update; twice more where
 * nodes are uneven. */
static double meetings_of(const struct plan *plan)
{
    const int codes = plan->gathers ? 1 + (plan->nodes > 1) : 0;
    const int uneven = plan->lanes < plan->node_ranks;
    return codes + plan->once + 2 * (plan->sums > 0) + 3 + 2 * uneven;
}

static void forecast_exchange(struct forecast *forecast, const struct bl_wire *wire, const struct plan *plan,
                              int64_t tail)
{
    forecast->codes_s = bl_cost_allgather(wire, (double)plan->gathered_bytes);
    forecast->sums_s = bl_cost_allreduce(wire, (double)(plan->sums * (int64_t)sizeof(int64_t)));
    forecast->gradient_s =
        bl_cost_allreduce(wire, (double)((plan->parameters + tail) * (int64_t)sizeof(float)));
    forecast->meetings_s = meetings_of(plan) * bl_cost_meeting(wire);
    forecast->exchange_s = forecast->codes_s + forecast->sums_s + forecast->gradient_s + forecast->meetings_s;
}

/* What a node's ranks move through its memory in the sum and the update: every rank's part once; the sum,
 * parameters, and two states read and written. */
static double node_bytes(const struct plan *plan)
{
    const double blocks = (plan->node_ranks > 1 ? (double)plan->node_ranks : 0.0) + 8.0;
    return blocks * (double)plan->parameters * (double)sizeof(float);
}

/* What a step takes beyond one rank's time divided by the ranks, by kind: the largest. */
static enum forecast_limit limit_of(const struct forecast *forecast, const struct forecast *one, double crowd)
{
    const double ranks = (double)forecast->ranks;
    const double crowd_s = forecast->compute_s * (1.0 - 1.0 / crowd);
    const double memory_s = forecast->update_s - one->update_s / ranks;
    const double batch_s = forecast->rows_s - one->rows_s / ranks;
    if (forecast->efficiency >= good_efficiency)
        return LIMIT_NONE;
    if (crowd_s > forecast->exchange_s && crowd_s > batch_s && crowd_s > memory_s)
        return LIMIT_CORES;
    if (memory_s > forecast->exchange_s && memory_s > batch_s)
        return LIMIT_MEMORY;
    return forecast->exchange_s > batch_s ? LIMIT_NETWORK : LIMIT_BATCH;
}

int64_t forecast_nodes(const struct cluster *cluster, const struct bl_config *config, int64_t ranks)
{
    const int64_t threads = ranks * config->train.threads, cores = cluster->cores_per_node;
    const int64_t nodes = cluster->nodes > 0 ? cluster->nodes : (threads + cores - 1) / cores;
    return nodes < ranks ? nodes : ranks;
}

int forecast_step(struct forecast *forecast, const struct cluster *cluster, const struct bl_config *config,
                  const struct par_split *split, const struct plan *plan, const struct forecast *one,
                  struct bl_error *err)
{
    const int64_t ranks = plan->ranks, threads = ranks * config->train.threads;
    const int64_t cores = cluster->cores_per_node, nodes = forecast_nodes(cluster, config, ranks);
    const struct bl_wire wire = {.nodes = plan->nodes,
                                 .node_ranks = plan->node_ranks,
                                 .network = cluster->network,
                                 .memory = cluster->memory};
    const struct bl_shape shape = bl_shape_of(&config->model, split->dim);
    struct bl_layout layout = bl_layout_of(&shape);
    bl_objective_tensors(&config->objective, split->labels, plan->bits, &layout);
    const struct bl_trial_size size = trial_size(plan, config);
    struct bl_trial trial = {0};
    *forecast = (struct forecast){.ranks = ranks,
                                  .nodes = nodes,
                                  .rows = plan->batch_rows,
                                  .memory_bytes = plan_memory(plan),
                                  .node_memory_bytes = plan_node_memory(plan),
                                  .link_bytes = plan->link_received_bytes};
    int code = bl_trial_run(&trial, config, split->dim, split->type, split->labels, &size, err);
    if (code != BL_OK)
        return code;
    /* Threads that share a core take turns. */
    const double crowd = threads > nodes * cores ? (double)threads / (double)(nodes * cores) : 1.0;
    const double rows_s = cluster->gflops > 0.0 ? 1e-9 * trial.flops / cluster->gflops : trial.rows_s;
    forecast->gflops = 1e-9 * trial.flops / rows_s;
    forecast->rows_s = rows_s;
    forecast->update_s = fmax(trial.update_s, bl_cost_memory(&wire, node_bytes(plan)));
    forecast->compute_s = crowd * (forecast->rows_s + forecast->update_s);
    forecast_exchange(forecast, &wire, plan,
                      par_gradient_tail_local(&layout, config->train.reduction == BL_REDUCTION_EXACT));
    forecast->step_s = forecast->compute_s + forecast->exchange_s;
    forecast->rows_per_s = (double)plan->batches.n_global / forecast->step_s;
    forecast->efficiency = one ? one->step_s / (forecast->step_s * (double)ranks) : 1.0;
    forecast->limit = one ? limit_of(forecast, one, crowd) : LIMIT_NONE;
    return BL_OK;
}

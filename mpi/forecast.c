#include "mpi/forecast.h"

#include "cost/trial.h"
#include "mpi/gradient.h"
#include "mpi/step.h"

static const double good_efficiency = 0.8;

const char *par_limit_name(enum par_limit limit)
{
    static const char *const names[] = {"", "batch", "network", "cores"};
    return names[limit];
}

/* The sizes of the rank with most rows; it updates about a P-th of the parameters. With a memory
 * of codes rows are paired with all training rows. */
static struct bl_trial_size trial_size(const struct par_plan *plan, const struct bl_config *config)
{
    const int64_t columns = bl_objective_wants_memory(&config->objective) ? plan->n_train : plan->batch;
    const int64_t ranks = plan->ranks, up = ranks - 1;
    const struct bl_trial_size size = {.n_local = plan->batch_rows,
                                       .n_global = columns,
                                       .groups = plan->groups > 0 ? (plan->groups + up) / ranks : 1,
                                       .updated = (plan->parameters + up) / ranks,
                                       .once = plan->once,
                                       .all_nodes = ranks > 1 ? plan->all_nodes : 0};
    return size;
}

static void forecast_exchange(struct par_forecast *forecast, const struct bl_wire *wire,
                              const struct par_plan *plan)
{
    const struct par_traffic_count *of = plan->traffic.of;
    const double ranks = (double)plan->ranks;
    /* An allgather's whole is what a rank receives and its own part. */
    const double whole = ranks > 1.0 ? ranks / (ranks - 1.0) : 0.0;
    forecast->codes_s = bl_cost_allgather(wire, (double)plan->gathered_bytes);
    forecast->sums_s = bl_cost_allreduce(wire, (double)(plan->sums * (int64_t)sizeof(int64_t)));
    forecast->pairs_s = bl_cost_alltoall(wire, (double)of[PAR_TRAFFIC_PAIRS].received_bytes);
    const double rounds =
        plan->ranks > 1 ? (double)plan->most_nodes : 0.0; /* buckets are under way together */
    if (rounds > 0.0)
        forecast->gradient_s =
            rounds * bl_cost_alltoall(wire, (double)of[PAR_TRAFFIC_GRADIENT].received_bytes / rounds);
    forecast->flags_s = bl_cost_allgather(wire, whole * (double)of[PAR_TRAFFIC_FLAGS].received_bytes);
    forecast->parameters_s = bl_cost_allgather(wire, (double)(plan->parameters * (int64_t)sizeof(float)));
    forecast->exchange_s = forecast->codes_s + forecast->sums_s + forecast->pairs_s + forecast->gradient_s +
                           forecast->flags_s + forecast->parameters_s;
}

/* Which loss against the ideal is the largest. */
static enum par_limit limit_of(const struct par_forecast *forecast, const struct par_forecast *one,
                               double crowd)
{
    const double ideal_s = one->step_s / (double)forecast->ranks;
    const double crowd_s = forecast->compute_s * (1.0 - 1.0 / crowd);
    const double batch_s = forecast->compute_s - crowd_s - ideal_s;
    if (forecast->efficiency >= good_efficiency)
        return PAR_LIMIT_NONE;
    if (crowd_s > forecast->exchange_s && crowd_s > batch_s)
        return PAR_LIMIT_CORES;
    return forecast->exchange_s > batch_s ? PAR_LIMIT_NETWORK : PAR_LIMIT_BATCH;
}

int64_t par_cluster_nodes_local(const struct par_cluster *cluster, const struct bl_config *config,
                                int64_t ranks)
{
    const int64_t threads = ranks * config->train.threads, cores = cluster->cores_per_node;
    const int64_t nodes = cluster->nodes > 0 ? cluster->nodes : (threads + cores - 1) / cores;
    return nodes < ranks ? nodes : ranks;
}

int par_forecast_local(struct par_forecast *forecast, const struct par_cluster *cluster,
                       const struct bl_config *config, const struct par_split *split,
                       const struct par_plan *plan, const struct par_forecast *one, struct bl_error *err)
{
    const int64_t ranks = plan->ranks, threads = ranks * config->train.threads;
    const int64_t cores = cluster->cores_per_node, nodes = par_cluster_nodes_local(cluster, config, ranks);
    const struct bl_wire wire = {
        .ranks = ranks, .nodes = nodes, .network = cluster->network, .memory = bl_link_memory};
    const struct bl_trial_size size = trial_size(plan, config);
    struct bl_trial trial = {0};
    *forecast = (struct par_forecast){.ranks = ranks,
                                      .nodes = nodes,
                                      .rows = plan->batch_rows,
                                      .memory_bytes = par_plan_memory_local(plan)};
    int code = bl_trial_run(&trial, config, split->dim, split->type, split->labels, &size, err);
    if (code != BL_OK)
        return code;
    /* Threads that share a core take turns. */
    const double crowd = threads > nodes * cores ? (double)threads / (double)(nodes * cores) : 1.0;
    const double rows_s = cluster->gflops > 0.0 ? 1e-9 * trial.flops / cluster->gflops : trial.rows_s;
    forecast->gflops = 1e-9 * trial.flops / rows_s;
    forecast->compute_s = crowd * (rows_s + trial.update_s);
    forecast_exchange(forecast, &wire, plan);
    forecast->step_s = forecast->compute_s + forecast->exchange_s;
    forecast->rows_per_s = (double)plan->batch / forecast->step_s;
    forecast->efficiency = one ? one->step_s / (forecast->step_s * (double)ranks) : 1.0;
    forecast->limit = one ? limit_of(forecast, one, crowd) : PAR_LIMIT_NONE;
    return BL_OK;
}

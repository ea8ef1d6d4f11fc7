#include "mpi/command/check/check_scale.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>

#include "base/count.h"
#include "base/quantity.h"
#include "mpi/command/command.h"

enum { RANKS_MAX = 1 << 20, ROWS_MAX = 24 };

/* A number with a unit, as "12.5GB/s"; *value keeps its default if the option wasn't given. */
static int parse_quantity(const char *option, const char *text, const struct bl_unit *units, const char *like,
                          double *value, struct bl_error *err)
{
    if (!text || bl_quantity_parse(text, units, value))
        return BL_OK;
    return bl_fail(err, BL_USAGE, "%s must be a number above 0 and a unit, like %s, not '%s'", option, like,
                   text);
}

int check_scale_parse(const struct check_scale_text *text, struct check_cluster *to, struct bl_error *err)
{
    struct cluster *cluster = &to->cluster;
    /* The defaults that help states: 10 Gb/s, 20 us, the cores of this machine. */
    *to = (struct check_cluster){.cluster = {.network = {.latency_s = 20e-6, .bytes_per_s = 10e9 / 8},
                                             .memory = bl_link_memory,
                                             .cores_per_node = omp_get_num_procs()}};
    if (!text->ranks) {
        if (text->network || text->latency || text->memory || text->gflops || text->cores_per_node ||
            text->nodes)
            return bl_fail(err, BL_USAGE,
                           "--network, --latency, --memory, --gflops, --cores-per-node and --nodes need "
                           "--ranks P, the ranks to model");
        return BL_OK;
    }
    int code = command_integer("--ranks", text->ranks, 1, RANKS_MAX, &to->ranks, err);
    if (code == BL_OK)
        code = parse_quantity("--network", text->network, bl_units_of_rate, "100Gb/s",
                              &cluster->network.bytes_per_s, err);
    if (code == BL_OK)
        code = parse_quantity("--latency", text->latency, bl_units_of_time, "2us",
                              &cluster->network.latency_s, err);
    if (code == BL_OK)
        code = parse_quantity("--memory", text->memory, bl_units_of_rate, "200GB/s",
                              &cluster->memory.bytes_per_s, err);
    if (code == BL_OK && text->gflops)
        code = command_real("--gflops", text->gflops, 1e-3, 1e6, &cluster->gflops, err);
    if (code == BL_OK && text->cores_per_node)
        code = command_integer("--cores-per-node", text->cores_per_node, 1, 1 << 16, &cluster->cores_per_node,
                               err);
    if (code == BL_OK && text->nodes)
        code = command_integer("--nodes", text->nodes, 1, RANKS_MAX, &cluster->nodes, err);
    return code;
}

static json_t *row_of(const struct forecast *forecast)
{
    json_t *exchange =
        json_pack("{s:f, s:f, s:f, s:f}", traffic_name(PAR_TRAFFIC_CODES), forecast->codes_s,
                  traffic_name(PAR_TRAFFIC_SUMS), forecast->sums_s, traffic_name(PAR_TRAFFIC_GRADIENT),
                  forecast->gradient_s, "meetings", forecast->meetings_s);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:o, s:f, s:f, s:f, s:f, s:f, s:s}",
                     "ranks", (json_int_t)forecast->ranks, "nodes", (json_int_t)forecast->nodes, "rows",
                     (json_int_t)forecast->rows, "memory_bytes", (json_int_t)forecast->memory_bytes,
                     "node_memory_bytes", (json_int_t)forecast->node_memory_bytes, "link_bytes",
                     (json_int_t)forecast->link_bytes, "rows_s", forecast->rows_s, "update_s",
                     forecast->update_s, "compute_s", forecast->compute_s, "exchange", exchange, "exchange_s",
                     forecast->exchange_s, "step_s", forecast->step_s, "rows_per_s", forecast->rows_per_s,
                     "gflops_per_rank", forecast->gflops, "efficiency", forecast->efficiency, "limit",
                     forecast_limit_name(forecast->limit));
}

/* The most ranks that are efficient, and what limits more. */
static json_t *verdict_of(const struct forecast *rows, int n)
{
    static const char *const cures[] = {
        [LIMIT_BATCH] = "too few rows for each rank; raise train.global_batch",
        [LIMIT_NETWORK] = "exchange takes too much of a step; raise train.global_batch, or use a faster "
                          "network, or more threads and fewer ranks",
        [LIMIT_MEMORY] = "adding up the gradients of a node's ranks is limited by its memory; use more "
                         "threads and fewer ranks",
        [LIMIT_CORES] = "there are more threads than cores; raise --nodes",
    };
    int good = 0, best = 0;
    while (good + 1 < n && rows[good + 1].limit == LIMIT_NONE)
        good++;
    for (int i = 1; i < n; i++)
        if (rows[i].step_s < rows[best].step_s)
            best = i;
    if (good + 1 == n)
        return json_sprintf("at least 80 %% efficient up to %s", bl_count(rows[n - 1].ranks, "rank").text);
    return json_sprintf("at least 80 %% efficient up to %s; on %" PRId64 ": %s; fastest on %s",
                        bl_count(rows[good].ranks, "rank").text, rows[good + 1].ranks,
                        cures[rows[good + 1].limit], bl_count(rows[best].ranks, "rank").text);
}

int check_scale(json_t *report, const struct check_cluster *to, const struct bl_config *config,
                const struct par_split *split, struct bl_error *err)
{
    struct forecast rows[ROWS_MAX];
    json_t *list = json_array();
    int code = BL_OK, n = 0;
    for (int64_t ranks = 1; code == BL_OK && n < ROWS_MAX; n++) {
        struct plan plan;
        code = plan_make(&plan, config, split, ranks, forecast_nodes(&to->cluster, config, ranks), err);
        /* The first row, 1 rank, is what the efficiency of the others is relative to. */
        if (code == BL_OK)
            code = forecast_step(&rows[n], &to->cluster, config, split, &plan, n > 0 ? rows : NULL, err);
        if (code == BL_OK)
            json_array_append_new(list, row_of(&rows[n]));
        if (ranks == to->ranks) {
            n++;
            break;
        }
        ranks = 2 * ranks < to->ranks ? 2 * ranks : to->ranks;
    }
    if (code != BL_OK) {
        json_decref(list);
        return code;
    }
    const struct bl_link *network = &to->cluster.network;
    json_t *scale =
        json_pack("{s:I, s:f, s:f, s:f, s:b, s:o, s:o}", "cores_per_node",
                  (json_int_t)to->cluster.cores_per_node, "network_bytes_per_s", network->bytes_per_s,
                  "latency_s", network->latency_s, "memory_bytes_per_s", to->cluster.memory.bytes_per_s,
                  "timed", to->cluster.gflops <= 0.0, "ranks", list, "verdict", verdict_of(rows, n));
    json_object_set_new(report, "scale", scale);
    return BL_OK;
}

#include "mpi/step/sums.h"

#include <string.h>

#include "base/share.h"
#include "mpi/ranks/reduce.h"

int par_sums_init(struct par_sums *sums, const struct par_nodes *nodes, int64_t n, struct bl_error *err)
{
    *sums = (struct par_sums){
        .nodes = nodes, .n = n, .part_bytes = par_window_align_local(n * (int64_t)sizeof(int64_t))};
    if (n == 0)
        return BL_OK;
    return par_window_init(&sums->window, nodes, sums->part_bytes, 1, "sums of terms", err);
}

void par_sums_free(struct par_sums *sums)
{
    par_window_free(&sums->window);
}

static int64_t *part_of(const struct par_sums *sums, int rank)
{
    return (int64_t *)((char *)sums->window.at + rank * sums->part_bytes);
}

/* This rank's share of the node's sums into the first rank's part. */
static void add_parts(const struct par_sums *sums)
{
    int64_t lo, hi, *sum = part_of(sums, 0);
    par_nodes_share_local(sums->nodes, sums->n, &lo, &hi);
    for (int r = 1; r < sums->nodes->node.size; r++) {
        const int64_t *part = part_of(sums, r);
        for (int64_t i = lo; i < hi; i++)
            sum[i] += part[i];
    }
}

/* What this rank's lane carries, where it stands. */
static void sum_lane(const struct par_sums *sums, int64_t *values)
{
    int64_t lo, hi;
    if (!par_nodes_in_lane_local(sums->nodes))
        return;
    bl_share(sums->n, sums->nodes->node.rank, sums->nodes->n_lanes, &lo, &hi);
    par_sum_integers(par_lane_as_local(sums->nodes, PAR_TRAFFIC_SUMS), values + lo, hi - lo);
}

void par_sums_run(struct par_sums *sums, int64_t *values)
{
    const struct par_nodes *nodes = sums->nodes;
    const size_t bytes = (size_t)sums->n * sizeof *values;
    if (nodes->node.size == 1) {
        sum_lane(sums, values);
        return;
    }
    if (sums->n == 0)
        return;
    memcpy(part_of(sums, nodes->node.rank), values, bytes);
    par_nodes_meet(nodes); /* all parts of the node are there */
    add_parts(sums);
    if (!nodes->is_even) /* a lane's part was then added up by several ranks */
        par_nodes_meet(nodes);
    sum_lane(sums, part_of(sums, 0));
    par_nodes_meet(nodes); /* all lanes have brought the sums over nodes */
    memcpy(values, part_of(sums, 0), bytes);
}

struct par_traffic_count par_sums_traffic_local(int64_t n, const struct traffic_lane *lane)
{
    int64_t lo, hi;
    bl_share(n, lane->lane, lane->n_lanes, &lo, &hi);
    return hi > lo ? traffic_allreduce(hi - lo, sizeof(int64_t), lane->node, lane->n_nodes)
                   : (struct par_traffic_count){0};
}

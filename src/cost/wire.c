#include "cost/wire.h"

#include <math.h>

const struct bl_link bl_link_memory = {.latency_s = 0.5e-6, .bytes_per_s = 200e9};

/* Below these sizes algorithms with few rounds are better: Thakur et al., sections 4.1 and 4.5. */
static const double doubling_bytes = 512 * 1024, bruck_bytes = 80 * 1024, short_allreduce_bytes = 2048;

/* rounds * latency + bytes / bandwidth: messages in turn, with so many bytes in all through a node's link. */
static double seconds(const struct bl_wire *wire, double rounds, double bytes)
{
    return rounds * wire->network.latency_s + bytes / wire->network.bytes_per_s;
}

double bl_cost_allgather(const struct bl_wire *wire, double all_bytes)
{
    const double nodes = (double)wire->nodes, received = all_bytes * (nodes - 1.0) / nodes;
    if (wire->nodes == 1 || all_bytes <= 0.0)
        return 0.0;
    const int power = (wire->nodes & (wire->nodes - 1)) == 0;
    const int is_short = all_bytes < (power ? doubling_bytes : bruck_bytes);
    return seconds(wire, is_short ? ceil(log2(nodes)) : nodes - 1.0, received);
}

double bl_cost_allreduce(const struct bl_wire *wire, double n_bytes)
{
    const double nodes = (double)wire->nodes, rounds = ceil(log2(nodes));
    if (wire->nodes == 1 || n_bytes <= 0.0)
        return 0.0;
    if (n_bytes <= short_allreduce_bytes)
        return seconds(wire, rounds, rounds * n_bytes);
    /* Recursive halving and doubling; a ring moves as many bytes in more rounds. */
    return seconds(wire, 2.0 * rounds, 2.0 * n_bytes * (nodes - 1.0) / nodes);
}

double bl_cost_meeting(const struct bl_wire *wire)
{
    return ceil(log2((double)wire->node_ranks)) * wire->memory.latency_s;
}

double bl_cost_memory(const struct bl_wire *wire, double n_bytes)
{
    return n_bytes / wire->memory.bytes_per_s;
}

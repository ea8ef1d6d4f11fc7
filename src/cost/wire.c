#include "cost/wire.h"

#include <math.h>

const struct bl_link bl_link_memory = {.latency_s = 2e-6, .bytes_per_s = 5e9};

/* Thakur, Rabenseifner and Gropp, sections 4.1 and 4.5: below these an algorithm of few rounds is better. */
static const double doubling_bytes = 512 * 1024, bruck_bytes = 80 * 1024, short_allreduce_bytes = 2048;

static double ranks_per_node(const struct bl_wire *wire)
{
    return ceil((double)wire->ranks / (double)wire->nodes);
}

/* Rounds of a binary algorithm. */
static double rounds_of(const struct bl_wire *wire)
{
    return ceil(log2((double)wire->ranks));
}

/* rounds messages one after another, in which link_bytes go through a node's link and rank_bytes into a rank.
 */
static double seconds(const struct bl_wire *wire, double rounds, double link_bytes, double rank_bytes)
{
    if (wire->nodes == 1)
        return rounds * wire->memory.latency_s + rank_bytes / wire->memory.bytes_per_s;
    return rounds * wire->network.latency_s +
           fmax(link_bytes / wire->network.bytes_per_s, rank_bytes / wire->memory.bytes_per_s);
}

/* The share of n - 1 other ranks' bytes that comes from other nodes. */
static double outside(const struct bl_wire *wire)
{
    const double ranks = (double)wire->ranks;
    return (ranks - ranks_per_node(wire)) / (ranks - 1.0);
}

double bl_cost_allgather(const struct bl_wire *wire, double all_bytes)
{
    const double ranks = (double)wire->ranks;
    if (wire->ranks == 1 || all_bytes <= 0.0)
        return 0.0;
    const int power = (wire->ranks & (wire->ranks - 1)) == 0;
    const double received = all_bytes * (ranks - 1.0) / ranks;
    if (all_bytes < (power ? doubling_bytes : bruck_bytes))
        return seconds(wire, rounds_of(wire), ranks_per_node(wire) * received * outside(wire), received);
    /* On a ring one rank of a node has its left neighbour outside, and all comes through it. */
    return seconds(wire, ranks - 1.0, received, received);
}

double bl_cost_allreduce(const struct bl_wire *wire, double n_bytes)
{
    const double ranks = (double)wire->ranks, rounds = rounds_of(wire), per_node = ranks_per_node(wire);
    if (wire->ranks == 1 || n_bytes <= 0.0)
        return 0.0;
    if (n_bytes <= short_allreduce_bytes)
        return seconds(wire, rounds, rounds * n_bytes * per_node, rounds * n_bytes);
    const double moved = 2.0 * n_bytes * (ranks - 1.0) / ranks;
    const double halving = seconds(wire, 2.0 * rounds, per_node * moved * outside(wire), moved);
    const double ring = seconds(wire, 2.0 * (ranks - 1.0), moved, moved);
    return fmin(halving, ring);
}

double bl_cost_alltoall(const struct bl_wire *wire, double received_bytes)
{
    if (wire->ranks == 1 || received_bytes <= 0.0)
        return 0.0;
    return seconds(wire, (double)wire->ranks - 1.0, ranks_per_node(wire) * received_bytes * outside(wire),
                   received_bytes);
}

/* What exchange costs by the model of Hockney: a message of n bytes takes latency + n / bandwidth. The
 * algorithms are those that MPI libraries choose from, with the costs given by Thakur, Rabenseifner and
 * Gropp, "Optimization of collective communication operations in MPICH", IJHPCA 19(1), 2005, sections 4.1
 * (allgather) and 4.5 (allreduce), and by Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for
 * clusters of workstations", JPDC 69(2), 2009 (allreduce on a ring). Between nodes what travels is a node's,
 * once: its ranks carry parts of it at the same time and share its one link. Within a node ranks read each
 * other's memory. */
#ifndef BL_COST_WIRE_H
#define BL_COST_WIRE_H

#include <stdint.h>

struct bl_link {
    double latency_s;
    double bytes_per_s; /* each way */
};

struct bl_wire {
    int64_t nodes, node_ranks; /* node_ranks: of the largest */
    struct bl_link network;    /* of a node */
    struct bl_link memory;     /* of a node: latency from rank to rank, bytes of all its ranks together */
};

/* Of a node, where nobody says other: docs/scaling.md. */
extern const struct bl_link bl_link_memory;

/* Seconds between nodes; 0 on one. allgather: all_bytes are on every node afterwards; allreduce: of n_bytes.
 */
double bl_cost_allgather(const struct bl_wire *wire, double all_bytes);
double bl_cost_allreduce(const struct bl_wire *wire, double n_bytes);

/* Until all ranks of a node have come; until they have moved so many bytes of its memory. */
double bl_cost_meeting(const struct bl_wire *wire);
double bl_cost_memory(const struct bl_wire *wire, double n_bytes);

#endif

/* The cost of communication by Hockney's model: a message of n bytes takes latency + n / bandwidth.
 * Algorithms are those that MPI libraries choose from. Between nodes the data of a node travels once: its
 * ranks send parts of it at the same time over its one link. Within a node ranks read each other's memory.
 * Sources: Thakur, Rabenseifner and Gropp, "Optimization of collective communication operations in MPICH",
 * IJHPCA 19(1), 2005, sections 4.1 (allgather) and 4.5 (allreduce); Patarasuk and Yuan, "Bandwidth optimal
 * all-reduce algorithms for clusters of workstations", JPDC 69(2), 2009 (ring allreduce). */
#ifndef BL_COST_WIRE_H
#define BL_COST_WIRE_H

#include <stdint.h>

struct bl_link {
    double latency_s;
    double bytes_per_s; /* in each direction */
};

struct bl_wire {
    int64_t nodes, node_ranks; /* node_ranks: ranks on the largest node */
    struct bl_link network;    /* a node's link to the network */
    struct bl_link memory; /* a node's memory: latency between two ranks, bandwidth of all ranks together */
};

/* The memory of a node, unless the user says otherwise: docs/scaling.md. */
extern const struct bl_link bl_link_memory;

/* Seconds of communication between nodes; 0 with one node. allgather: every node ends up with all_bytes.
 * allreduce: of n_bytes. */
double bl_cost_allgather(const struct bl_wire *wire, double all_bytes);
double bl_cost_allreduce(const struct bl_wire *wire, double n_bytes);

/* Seconds of a barrier among the ranks of a node; and for them to move n_bytes in its memory. */
double bl_cost_meeting(const struct bl_wire *wire);
double bl_cost_memory(const struct bl_wire *wire, double n_bytes);

#endif

/* What collectives cost by the model of Hockney: a message of n bytes takes latency + n / bandwidth. The
 * algorithms are those that MPI libraries choose from, with the costs given by Thakur, Rabenseifner and
 * Gropp, "Optimization of collective communication operations in MPICH", IJHPCA 19(1), 2005, sections 4.1
 * (allgather), 4.2 (alltoall) and 4.5 (allreduce), and by Patarasuk and Yuan, "Bandwidth optimal all-reduce
 * algorithms for clusters of workstations", JPDC 69(2), 2009 (allreduce on a ring). Ranks stand on nodes in
 * their order; the ranks of a node share its one link to the network. */
#ifndef BL_COST_WIRE_H
#define BL_COST_WIRE_H

#include <stdint.h>

struct bl_link {
    double latency_s;
    double bytes_per_s; /* each way */
};

struct bl_wire {
    int64_t ranks, nodes;   /* ranks per node: the same but for rounding */
    struct bl_link network; /* of a node */
    struct bl_link memory;  /* between the ranks of one node */
};

/* Between ranks of one node, as bench_reduction finds it on two cores: docs/scaling.md. */
extern const struct bl_link bl_link_memory;

/* Seconds. All are 0 on one rank.
 * allgather: all_bytes are on every rank afterwards; allreduce: of n_bytes; alltoall: each rank gets
 * received_bytes from the others together. */
double bl_cost_allgather(const struct bl_wire *wire, double all_bytes);
double bl_cost_allreduce(const struct bl_wire *wire, double n_bytes);
double bl_cost_alltoall(const struct bl_wire *wire, double received_bytes);

#endif

/* Which ranks share memory, and which ranks carry data between nodes.
 *
 * A node is a set of consecutive ranks that share memory windows (mpi/ranks/window.h): the ranks of a
 * host, or each rank by itself. Data that all ranks of a node need enter the node once, split over lanes.
 * Lane l consists of the l-th rank of every node, for each l below n_lanes, the fewest ranks of any node;
 * each lane exchanges its part of the data among the nodes. So neither the bytes on a node's link nor the
 * rounds of a ring grow with the number of ranks on a node. */
#ifndef PAR_RANKS_NODES_H
#define PAR_RANKS_NODES_H

#include "mpi/ranks/comm.h"

/* Owns the communicators of `node`, `lane` and `second`, and `first`; borrows that of `all`. The same on
 * every rank but for node, lane and own. */
struct par_nodes {
    struct par all;   /* every rank */
    struct par node;  /* the ranks of this rank's node, in the same order */
    struct par lane;  /* one rank of every node, in the order of nodes; this rank alone if it has no lane */
    MPI_Comm second;  /* the node's ranks again, for barriers that are begun in an order of their own */
    int n_nodes, own; /* own: this rank's node */
    int n_lanes;      /* the fewest ranks of any node */
    int is_even;      /* every node has n_lanes ranks */
    int *first;       /* [n_nodes + 1] node k holds the ranks [first[k], first[k + 1]) */
};

/* A node is a host, or each rank is a node of its own (train.shared: off). */
enum par_sharing { PAR_SHARE_HOSTS, PAR_SHARE_NOTHING };

/* Finds the nodes of par and makes their communicators. Collective; agreed. Errors: BL_MEMORY.
 * par_nodes_free is collective, safe twice and on zeros. */
int par_nodes_init(struct par_nodes *nodes, struct par par, enum par_sharing sharing, struct bl_error *err);

/* The same with this rank on the node called `number`: equal on the ranks of a node, which are consecutive
 * and all on one host, and different from the node before. Collective; agreed. Errors: BL_MEMORY. */
int par_nodes_init_numbered(struct par_nodes *nodes, struct par par, int number, struct bl_error *err);
void par_nodes_free(struct par_nodes *nodes);

/* 1 if this rank belongs to a lane and so carries data between nodes. Local. */
int par_nodes_in_lane_local(const struct par_nodes *nodes);

/* Barrier over this node. What a rank wrote into shared memory before it, all ranks of the node see after it.
 * Collective over the node. */
void par_nodes_meet(const struct par_nodes *nodes);

/* [*lo, *hi): this rank's share when n items are divided among the ranks of its node. Local. */
void par_nodes_share_local(const struct par_nodes *nodes, int64_t n, int64_t *lo, int64_t *hi);

/* nodes->lane, whose traffic counts as `kind`. Local. */
struct par par_lane_as_local(const struct par_nodes *nodes, enum par_traffic_kind kind);

#endif

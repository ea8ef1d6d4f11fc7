/* Which ranks share memory, and how numbers get from one node to another.
 *
 * A node is a run of neighbouring ranks that can share windows (mpi/ranks/window.h): the ranks of a host, or each
 * rank by itself. What all of a node's ranks want comes into it once: lane l, for every l below the fewest
 * ranks of any node, is the l-th ranks of all nodes, and each lane carries a part. So what crosses a node's
 * link doesn't grow with the ranks on the node, and the rounds are those of the nodes. */
#ifndef PAR_RANKS_NODES_H
#define PAR_RANKS_NODES_H

#include "mpi/ranks/comm.h"

struct par_nodes {
    struct par all;  /* the ranks */
    struct par node; /* those of this rank's node, in their order */
    struct par lane; /* those at this rank's place on each node, in the order of nodes; this rank alone where
                      * some node has no such place */
    MPI_Comm second; /* the node's ranks again, for meetings that are begun in an order of their own */
    int n_nodes, own;
    int n_lanes; /* the fewest ranks of any node */
    int is_even; /* every node has n_lanes ranks */
    int *first;  /* [n_nodes + 1] node k is the ranks [first[k], first[k + 1]); owned */
};

/* Ranks of a host share memory, or nobody does with anybody. */
enum par_sharing { PAR_SHARE_HOSTS, PAR_SHARE_NOTHING };

/* Collective; agreed. Errors: BL_MEMORY. par_nodes_free is collective, safe twice and on zeros. */
int par_nodes_init(struct par_nodes *nodes, struct par par, enum par_sharing sharing, struct bl_error *err);

/* The same with this rank on node `number`, from 0; neighbouring ranks have the same number or the next. All
 * ranks of a node must be on one host. */
int par_nodes_init_numbered(struct par_nodes *nodes, struct par par, int number, struct bl_error *err);
void par_nodes_free(struct par_nodes *nodes);

/* Whether this rank carries a part from node to node. Local. */
int par_nodes_in_lane_local(const struct par_nodes *nodes);

/* Returns when all ranks of this node have come; what each wrote into shared memory before is seen by all
 * after. Collective over the node. */
void par_nodes_meet(const struct par_nodes *nodes);

/* The part of n things that falls to this rank among those of its node. Local. */
void par_nodes_share_local(const struct par_nodes *nodes, int64_t n, int64_t *lo, int64_t *hi);

/* As the ranks of nodes, but counting as `kind`, to where `par` counts. Local. */
struct par par_lane_as_local(const struct par_nodes *nodes, enum par_traffic_kind kind);

#endif

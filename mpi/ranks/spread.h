/* Allgather of rows into one copy on each node. Every rank contributes a range of rows, in the order of
 * ranks, by writing them into its node's shared copy. Each lane then exchanges its part of every node's
 * rows among the nodes, so a row enters each node once. */
#ifndef PAR_RANKS_SPREAD_H
#define PAR_RANKS_SPREAD_H

#include "mpi/ranks/collective.h"
#include "mpi/ranks/flight.h"
#include "mpi/ranks/nodes.h"

/* Which rows this rank sends and receives; the rows themselves stay with the caller. */
struct par_spread {
    const struct par_nodes *nodes; /* borrowed */
    struct par_blocks carried;     /* [n_nodes] the rows of each node that this rank's lane carries: it sends
                                    * those of its own node; empty when it belongs to no lane. Owned */
};

/* rows [size + 1], the same on every rank, not kept: rank r contributes [rows[r], rows[r + 1]). Borrows
 * nodes. Local. Errors: BL_MEMORY. par_spread_free is local and safe twice. */
int par_spread_init_local(struct par_spread *spread, const struct par_nodes *nodes, const int64_t *rows,
                          struct bl_error *err);
void par_spread_free(struct par_spread *spread);

/* values: all rows, row_bytes each, in memory that the node shares. Call par_nodes_meet before, when the rows
 * of this node's ranks are in place, and again after, when those of all other nodes are. Collective over the
 * lane; traffic counts as `kind`. */
void par_spread_run(struct par_spread *spread, enum par_traffic_kind kind, void *values, int64_t row_bytes);

/* The nonblocking form: par_flight_wait ends it. Collective over the lane. */
void par_spread_begin(struct par_spread *spread, struct par_flight *flight, enum par_traffic_kind kind,
                      void *values, int64_t row_bytes);

/* [*lo, *hi): the rows of node k that this rank receives; empty for its own node. Local. */
void par_spread_rows_local(const struct par_spread *spread, int k, int64_t *lo, int64_t *hi);

#endif

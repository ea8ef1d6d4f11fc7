/* Rows that every rank brings a run of, in the order of ranks, made whole in each node's one copy: a node's
 * rows come into another once, every lane carrying a part of them. */
#ifndef PAR_RANKS_SPREAD_H
#define PAR_RANKS_SPREAD_H

#include "mpi/ranks/collective.h"
#include "mpi/ranks/flight.h"
#include "mpi/ranks/nodes.h"

struct par_spread {
    const struct par_nodes *nodes; /* borrowed */
    struct par_blocks carried; /* [n_nodes] rows of each node that this rank's lane carries; empty where it
                                * has none */
};

/* rows [size + 1]: rank r brings [rows[r], rows[r + 1]). Local. Errors: BL_MEMORY. par_spread_free is safe
 * twice. */
int par_spread_init_local(struct par_spread *spread, const struct par_nodes *nodes, const int64_t *rows,
                          struct bl_error *err);
void par_spread_free(struct par_spread *spread);

/* values, rows of row_bytes in memory that the node shares, where those of all its ranks have been put (a
 * meeting was since): sets those of other nodes that this rank carries. After the next meeting all are there.
 * Collective over the lane; counts as `kind`. */
void par_spread_run(struct par_spread *spread, enum par_traffic_kind kind, void *values, int64_t row_bytes);

/* The same, begun. */
void par_spread_begin(struct par_spread *spread, struct par_flight *flight, enum par_traffic_kind kind,
                      void *values, int64_t row_bytes);

/* Rows of node k that this rank carries here; none of its own node. Local. */
void par_spread_rows_local(const struct par_spread *spread, int k, int64_t *lo, int64_t *hi);

#endif

/* A group of ranks and this rank's place in it. */
#ifndef PAR_RANKS_COMM_H
#define PAR_RANKS_COMM_H

#include <mpi.h>
#include <stdint.h>

#include "base/error.h"
#include "mpi/ranks/traffic.h"

/* Passed by value to everything that communicates. It borrows its communicator: whoever made that frees it
 * (par_leave_host, par_leave_world, par_nodes_free). A copy with another `kind` counts its traffic
 * elsewhere. */
struct par {
    MPI_Comm comm; /* MPI_COMM_NULL when MPI was not started: then rank 0 of 1 */
    int rank;
    int size;
    int64_t piece_bytes;         /* most bytes of one call to MPI; tests make it small */
    enum par_traffic_kind kind;  /* the category under which traffic is counted */
    struct par_traffic *traffic; /* the counters; NULL: traffic isn't counted. Borrowed */
};

/* The ranks of a communicator, borrowed. Local. */
struct par par_of_comm(MPI_Comm comm);

/* One process by itself, for commands that start no MPI. Every par_ function works with it. Local. */
struct par par_alone(void);

/* The same ranks; their traffic counts as `kind`. Local. */
struct par par_as_local(struct par par, enum par_traffic_kind kind);

/* Those ranks of par that run on this rank's host, in the same order. par_leave_host frees the communicator.
 * Both are collective. */
struct par par_on_host(struct par par);
void par_leave_host(struct par *host);

#endif

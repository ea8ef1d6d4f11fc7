/* Who we are among the ranks. */
#ifndef PAR_RANKS_COMM_H
#define PAR_RANKS_COMM_H

#include <mpi.h>
#include <stdint.h>

#include "base/error.h"
#include "mpi/ranks/traffic.h"

struct par {
    MPI_Comm comm; /* MPI_COMM_NULL when MPI was not started: then rank 0 of 1 */
    int rank;
    int size;
    int64_t piece_bytes;         /* of one call to MPI; tests make it small */
    enum par_traffic_kind kind;  /* what collectives are for */
    struct par_traffic *traffic; /* where they are counted; NULL: nowhere. Borrowed */
};

/* The ranks of a communicator. Collective. */
struct par par_of_comm(MPI_Comm comm);

/* A process on its own, for commands that start no MPI. Every par_ function works with it. Local. */
struct par par_alone(void);

/* The same ranks, whose collectives count as `kind`. Local. */
struct par par_as_local(struct par par, enum par_traffic_kind kind);

/* The ranks of this rank's host alone; par_leave_host ends that. Collective. */
struct par par_on_host(struct par par);
void par_leave_host(struct par *host);

#endif

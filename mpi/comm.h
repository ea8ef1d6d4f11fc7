/* Who we are among the ranks. */
#ifndef PAR_COMM_H
#define PAR_COMM_H

#include <mpi.h>
#include <stdint.h>

#include "base/error.h"

struct par {
    MPI_Comm comm; /* MPI_COMM_NULL when MPI was not started: then rank 0 of 1 */
    int rank;
    int size;
};

/* The world. Collective. MPI must have been initialised. */
struct par par_world(void);

/* A process on its own, for commands that start no MPI. Every par_ function works with it. Local. */
struct par par_alone(void);

/* The half-open range [*lo, *hi) of n things that falls to rank `rank` of `size`: [n rank/size, n
 * (rank+1)/size). Local. */
void par_range_local(int64_t n, int rank, int size, int64_t *lo, int64_t *hi);

/* Broadcasts n_bytes bytes from rank 0, in pieces that an int can count. Collective. */
void par_broadcast(struct par par, void *bytes, int64_t n_bytes);

#endif

/* Nonblocking exchanges. Between begin and wait, neither the data being sent nor the memory being received
 * into may be touched. MPI makes progress only while the program is inside an MPI call, so a rank that
 * computes calls par_flight_poke_local now and then. Traffic is counted, and arrays are cut into pieces, as
 * in mpi/ranks/collective.h. */
#ifndef PAR_RANKS_FLIGHT_H
#define PAR_RANKS_FLIGHT_H

#include "mpi/ranks/collective.h"

/* The messages in flight. Start with zeros and call begin for everything that will be in flight at one time:
 * before par_flight_reserve these calls are a rehearsal, which only counts requests. After it they send. */
struct par_flight {
    MPI_Request *request; /* [room]; owned; NULL: rehearsal */
    int room, n;          /* requests there is room for; in flight or rehearsed */
};

/* Allocates for as many messages as were rehearsed. Local. Errors: BL_MEMORY. par_flight_free is local and
 * safe twice; call it only when nothing is in flight. */
int flight_reserve(struct par_flight *flight, struct bl_error *err);
void par_flight_free(struct par_flight *flight);

/* Nonblocking forms of par_allreduce_from (sums only) and par_allgather; the allgather sends each block
 * directly to every rank. All ranks begin the same exchanges in the same order. Collective; returns at
 * once. */
void par_allreduce_begin(struct par_flight *flight, struct par par, const void *from, void *values, int64_t n,
                         MPI_Datatype type);
void par_allgather_begin(struct par_flight *flight, struct par par, const struct par_blocks *blocks,
                         void *values, int64_t unit_bytes);

/* Lets MPI make progress; returns at once. Local. */
void par_flight_poke_local(struct par_flight *flight);

/* Waits until everything was received and this rank's data are sent. Collective: it ends what all began. */
void par_flight_wait(struct par_flight *flight);

#endif

/* Exchanges that go on while their ranks compute. Between begin and wait neither what is sent nor the room
 * for what comes may be touched. MPI moves messages while it is entered, so a rank that computes pokes now
 * and then. Counted and cut into pieces as the collectives are (mpi/ranks/collective.h). */
#ifndef PAR_RANKS_FLIGHT_H
#define PAR_RANKS_FLIGHT_H

#include "mpi/ranks/collective.h"

/* Messages that are under way. Before par_flight_reserve begins are rehearsals: they are counted, and nothing
 * is sent. */
struct par_flight {
    MPI_Request *request; /* [room]; owned */
    int room, n;
};

/* Allocates for as many messages as were rehearsed: all that will be under way at a time. Local. Errors:
 * BL_MEMORY. par_flight_free is safe twice; nothing may be under way. */
int par_flight_reserve(struct par_flight *flight, struct bl_error *err);
void par_flight_free(struct par_flight *flight);

/* As par_allreduce_from (sums) and par_allgather, each block straight to where it is needed. All ranks begin
 * the same exchanges in the same order. Collective; nobody waits. */
void par_allreduce_begin(struct par_flight *flight, struct par par, const void *from, void *values, int64_t n,
                         MPI_Datatype type);
void par_allgather_begin(struct par_flight *flight, struct par par, const struct par_blocks *blocks,
                         void *values, int64_t unit_bytes);

/* Lets messages move. Local. */
void par_flight_poke_local(struct par_flight *flight);

/* Until all have arrived and all of this rank's are sent. */
void par_flight_wait(struct par_flight *flight);

#endif

/* Exchanges that go on while their ranks compute. Between begin and wait neither what is sent nor the room
 * for what comes may be touched. MPI moves messages while it is entered, so a rank that computes pokes now
 * and then. Counted and cut into pieces as the collectives are (mpi/collective.h). */
#ifndef PAR_FLIGHT_H
#define PAR_FLIGHT_H

#include "mpi/collective.h"

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

/* As par_alltoall and par_allgather, each part straight to where it is needed. All ranks begin the same
 * exchanges in the same order. A rank keeps its own part: out and in have nothing for it. Collective; nobody
 * waits. */
void par_alltoall_begin(struct par_flight *flight, struct par par, const struct par_parts *out,
                        const void *from, const struct par_parts *in, void *to, int64_t element_bytes);
void par_allgather_begin(struct par_flight *flight, struct par par, const struct par_blocks *blocks,
                         void *values, int64_t unit_bytes);

/* Allgathers of n arrays at once, array i being blocks[i] from values + start[i] units on, round a ring: a
 * block comes into a node once, however many of its ranks want it. Rehearsed: as many messages as a round
 * has. Waits. */
void par_allgather_ring(struct par_flight *flight, struct par par, const struct par_blocks *blocks, int n,
                        void *values, const int64_t *start, int64_t unit_bytes);

/* Lets messages move. Local. */
void par_flight_poke_local(struct par_flight *flight);

/* Until all have arrived and all of this rank's are sent. */
void par_flight_wait(struct par_flight *flight);

#endif

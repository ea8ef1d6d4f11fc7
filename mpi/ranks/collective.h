/* All blocking collectives of the program; mpi/ranks/flight.h has the nonblocking ones. Each call is counted
 * (mpi/ranks/traffic.h) and cut into pieces that an int can count, so elements and bytes may exceed 2^31.
 *
 * Unless a function says otherwise, it is collective over par.comm, its sizes, types and operations are equal
 * on all ranks, it allocates nothing, and on one rank it does nothing. A failure inside MPI ends the job
 * (MPI_ERRORS_ARE_FATAL), so none of them returns an error. */
#ifndef PAR_RANKS_COLLECTIVE_H
#define PAR_RANKS_COLLECTIVE_H

#include "mpi/ranks/comm.h"

/* values [n] = op over ranks of values, in place; the _from form reads from [n] instead and leaves it
 * unchanged (on one rank it copies). to_root: the result is on rank 0 only, values is undefined on the
 * others. */
void par_allreduce(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op);
void par_allreduce_from(struct par par, const void *from, void *values, int64_t n, MPI_Datatype type,
                        MPI_Op op);
void par_reduce_to_root(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op);

/* Copies bytes [n_bytes] of rank 0, or of rank `root`, to all ranks. */
void par_broadcast(struct par par, void *bytes, int64_t n_bytes);
void par_broadcast_from(struct par par, int root, void *bytes, int64_t n_bytes);

/* How an array is divided among ranks: rank r contributes the units [begin[r], end[r]) to an allgather.
 * Blocks lie in the order of ranks, either one behind the other or with gaps (`apart`). Every rank holds
 * the same table. Without gaps `end` is `begin + 1`: one array [size + 1], whose last entry is the end of
 * all blocks. */
struct par_blocks {
    int64_t *begin, *end; /* [size], in units; owned (end only when apart) */
    int *counts, *starts; /* [size], in bytes, as MPI_Allgatherv takes them; owned; set by par_allgather */
    int apart;            /* 1: there may be gaps */
};

/* Allocates for `size` ranks, without gaps or, apart, with them; begin and end are 0. Local. Errors:
 * BL_MEMORY, with nothing left to free. par_blocks_free is local and safe twice. */
int blocks_init(struct par_blocks *blocks, int size, struct bl_error *err);
int blocks_init_apart(struct par_blocks *blocks, int size, struct bl_error *err);
void blocks_free(struct par_blocks *blocks);

/* Sets begin (without gaps) from the number of units of each rank, which it exchanges: own_units may differ.
 * Works on one rank too. Collective. */
void par_blocks_gather(struct par_blocks *blocks, struct par par, int64_t own_units);

/* Allgather in place: values is the whole array of units of unit_bytes, in which each rank has set its own
 * block; afterwards every block is set on every rank. Collective. */
void par_allgather(struct par par, struct par_blocks *blocks, void *values, int64_t unit_bytes);

/* Helpers that mpi/ranks/flight.c shares; all local. par_blocks_traffic_local: what one allgather counts.
 * par_count_local: adds to par's counts, if it has any. par_piece_local: elements that one call to MPI
 * takes. */
struct par_traffic_count par_blocks_traffic_local(struct par par, const struct par_blocks *blocks,
                                                  int64_t unit_bytes);
void par_count_local(struct par par, struct par_traffic_count more);
int64_t par_piece_local(struct par par, int64_t element_bytes);

#endif

/* The collectives of the whole program: nothing else calls MPI's, and mpi/ranks/flight.h has those that don't wait.
 * Each is counted (mpi/ranks/traffic.h) and cut into pieces that an int can count, so numbers of elements and bytes
 * have no limit. All are collective over par.comm with equal arguments where nothing else is said; on one
 * rank nothing happens. */
#ifndef PAR_RANKS_COLLECTIVE_H
#define PAR_RANKS_COLLECTIVE_H

#include "mpi/ranks/comm.h"

/* values [n]: combined over ranks in place, or what stands in `from` on each, which stays; to_root: on rank 0
 * alone, the others' become worthless. */
void par_allreduce(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op);
void par_allreduce_from(struct par par, const void *from, void *values, int64_t n, MPI_Datatype type,
                        MPI_Op op);
void par_reduce_to_root(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op);

/* Bytes [n_bytes] of rank 0, or of rank `root`, to all. */
void par_broadcast(struct par par, void *bytes, int64_t n_bytes);
void par_broadcast_from(struct par par, int root, void *bytes, int64_t n_bytes);

/* Blocks of an array, one of each rank: one behind the other in the order of ranks, or with gaps between
 * them. */
struct par_blocks {
    int64_t *begin, *end; /* [size] rank r has the units [begin[r], end[r]); without gaps end is begin + 1, so
                           * that begin[size] is the end of all; owned */
    int *counts, *starts; /* [size] the same for a call of MPI; owned */
    int apart;
};

/* Allocates; begin and end are 0. apart: there may be gaps. Local. Errors: BL_MEMORY. par_blocks_free is safe
 * twice. */
int par_blocks_init(struct par_blocks *blocks, int size, struct bl_error *err);
int par_blocks_init_apart(struct par_blocks *blocks, int size, struct bl_error *err);
void par_blocks_free(struct par_blocks *blocks);

/* Sets begin, without gaps, from the units that each rank says to have. Works on one rank. */
void par_blocks_gather(struct par_blocks *blocks, struct par par, int64_t own_units);

/* values, units of unit_bytes each, of which each rank has set its block: all blocks are whole on all ranks.
 */
void par_allgather(struct par par, struct par_blocks *blocks, void *values, int64_t unit_bytes);

/* What an allgather counts; adds to what par counts; elements of one call to MPI. Local. */
struct par_traffic_count par_blocks_traffic_local(struct par par, const struct par_blocks *blocks,
                                                  int64_t unit_bytes);
void par_count_local(struct par par, struct par_traffic_count more);
int64_t par_piece_local(struct par par, int64_t element_bytes);

#endif

/* The collectives of the whole program: nothing else calls MPI's, and mpi/flight.h has those that don't wait.
 * Each is counted (mpi/traffic.h) and cut into pieces that an int can count, so numbers of elements and bytes
 * have no limit. All are collective over par.comm with equal arguments where nothing else is said; on one
 * rank nothing happens. */
#ifndef PAR_COLLECTIVE_H
#define PAR_COLLECTIVE_H

#include "mpi/comm.h"

/* values [n]: combined over ranks in place; to_root: on rank 0 alone, the others' become worthless. */
void par_allreduce(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op);
void par_reduce_to_root(struct par par, void *values, int64_t n, MPI_Datatype type, MPI_Op op);

/* Bytes [n_bytes] of rank 0, or of rank `root`, to all. */
void par_broadcast(struct par par, void *bytes, int64_t n_bytes);
void par_broadcast_from(struct par par, int root, void *bytes, int64_t n_bytes);

/* How a whole is cut into blocks, one of each rank, in the order of ranks. */
struct par_blocks {
    int64_t *begin;       /* [size + 1] rank r has the units [begin[r], begin[r+1]); owned */
    int *counts, *starts; /* [size] the same for a call of MPI; owned */
};

/* Allocates; begin is 0. Local. Errors: BL_MEMORY. par_blocks_free is safe twice. */
int par_blocks_init(struct par_blocks *blocks, int size, struct bl_error *err);
void par_blocks_free(struct par_blocks *blocks);

/* Sets begin from the units that each rank says to have. Works on one rank. */
void par_blocks_gather(struct par_blocks *blocks, struct par par, int64_t own_units);

/* values [begin[size]] units of unit_bytes each, of which each rank has set its block: whole on all ranks. */
void par_allgather(struct par par, struct par_blocks *blocks, void *values, int64_t unit_bytes);

/* What goes to each rank, or comes from it. */
struct par_parts {
    int64_t *count, *start;     /* [size] elements; owned */
    int *mpi_count, *mpi_start; /* [size] the same for a call of MPI; owned */
};

int par_parts_init(struct par_parts *parts, int size, struct bl_error *err);
void par_parts_free(struct par_parts *parts);

/* Part r of `from`, as `out` says, goes to rank r; what comes from rank r stands in `to` as `in` says. An
 * element is element_bytes; most: no count and no end of a part of any rank is above it. */
void par_alltoall(struct par par, struct par_parts *out, const void *from, struct par_parts *in, void *to,
                  int64_t element_bytes, int64_t most);

/* What an exchange of parts counts; adds to what par counts; elements of one call to MPI. Local. */
struct par_traffic_count par_parts_traffic_local(struct par par, const struct par_parts *out,
                                                 const struct par_parts *in, int64_t element_bytes);
void par_count_local(struct par par, struct par_traffic_count more);
int64_t par_piece_local(struct par par, int64_t element_bytes);

#endif

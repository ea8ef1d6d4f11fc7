/* Counts of what a run sends and receives, taken where each exchange is called (mpi/ranks/collective.c,
 * mpi/ranks/flight.c).
 *
 * Convention: bytes are those of the bandwidth-optimal algorithm. An MPI library may send more, never less in
 * sum. On P ranks:
 *   allgather  of n bytes in all: a rank sends its block to P - 1 others and receives their n - block bytes;
 *   allreduce  of n bytes: reduce-scatter, then allgather; a rank sends and receives 2 n (P-1)/P bytes when P
 *              divides the number of elements;
 *   reduce     of n bytes to rank 0: every other rank sends n;
 *   broadcast  of n bytes: every other rank receives n.
 * A rank sends nothing to itself, so on one rank everything is 0. Everything here is local. */
#ifndef PAR_RANKS_TRAFFIC_H
#define PAR_RANKS_TRAFFIC_H

#include <stdint.h>

enum par_traffic_kind {
    PAR_TRAFFIC_OTHER,      /* start, agreement on errors, logging */
    PAR_TRAFFIC_CODES,      /* codes and labels of a step */
    PAR_TRAFFIC_SUMS,       /* sums over the global batch that loss terms need */
    PAR_TRAFFIC_GRADIENT,   /* the parameter gradient and the flags sent with it */
    PAR_TRAFFIC_STATISTICS, /* of normalisation */
    PAR_TRAFFIC_EVALUATION,
    PAR_TRAFFIC_CHECKPOINT, /* agreement on files, and positions of tensors in them */
    PAR_TRAFFIC_KINDS
};

struct par_traffic_count {
    int64_t collectives;                /* entered */
    int64_t messages;                   /* sent, by the convention above */
    int64_t sent_bytes, received_bytes; /* of this rank */
};

struct par_traffic {
    struct par_traffic_count of[PAR_TRAFFIC_KINDS];
};

/* Where a rank stands among nodes (mpi/ranks/nodes.h): numbers alone, so that the ranks needn't be there. */
struct traffic_lane {
    int node, n_nodes;
    int lane, n_lanes; /* lane >= n_lanes: the rank carries nothing */
};

/* The name that users read; a string literal. */
const char *traffic_name(enum par_traffic_kind kind);

/* 1 if the kind is part of a training step. */
int traffic_in_step(enum par_traffic_kind kind);

/* Adds *more to *sum. */
void traffic_add(struct par_traffic_count *sum, const struct par_traffic_count *more);

/* The sum over the kinds of a training step. */
struct par_traffic_count traffic_of_steps(const struct par_traffic *traffic);

/* What one call counts on this rank, by the convention above. Local. */
struct par_traffic_count traffic_allgather(int64_t all_bytes, int64_t own_bytes, int size);
struct par_traffic_count traffic_allreduce(int64_t elements, int64_t element_bytes, int rank, int size);

#endif

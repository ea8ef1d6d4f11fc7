/* What a run sends and receives, counted where each exchange is entered (mpi/ranks/collective.c,
 * mpi/ranks/flight.c).
 *
 * The convention: every number goes straight to where it is needed, as in the shortest algorithm that the
 * network's bandwidth allows; what a library really does may be more, never less in sum. On P ranks:
 *   allgather  of blocks that make n bytes: a rank sends its block to P - 1 others, receives the n - block of
 *              the others;
 *   allreduce  of n bytes: each rank adds up one P-th, then all of them are gathered; sent and received are
 *              2 n (P-1)/P where P divides the elements;
 *   reduce     to rank 0: n bytes out of every other rank;
 *   broadcast  of n bytes: n into every other rank.
 * What a rank keeps for itself doesn't count, so on one rank everything is 0. */
#ifndef PAR_RANKS_TRAFFIC_H
#define PAR_RANKS_TRAFFIC_H

#include <stdint.h>

enum par_traffic_kind {
    PAR_TRAFFIC_OTHER,      /* starting, agreeing, logging */
    PAR_TRAFFIC_CODES,      /* a step's codes and labels */
    PAR_TRAFFIC_SUMS,       /* sums that terms need over the batch */
    PAR_TRAFFIC_GRADIENT,   /* the parameter gradient, with what rides on it */
    PAR_TRAFFIC_STATISTICS, /* of normalisation */
    PAR_TRAFFIC_EVALUATION,
    PAR_TRAFFIC_CHECKPOINT, /* agreements on files, and where in them tensors lie */
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

/* As users read it. A literal. */
const char *traffic_name(enum par_traffic_kind kind);

/* Whether a kind is a training step's. */
int traffic_in_step(enum par_traffic_kind kind);

/* *sum and one more. */
void traffic_add(struct par_traffic_count *sum, const struct par_traffic_count *more);

/* The sum over the kinds of a step. */
struct par_traffic_count traffic_of_steps(const struct par_traffic *traffic);

/* What each kind of collective counts on rank `rank` of `size`; the arithmetic of the convention. */
struct par_traffic_count traffic_allgather(int64_t all_bytes, int64_t own_bytes, int size);
struct par_traffic_count traffic_allreduce(int64_t elements, int64_t element_bytes, int rank, int size);

#endif

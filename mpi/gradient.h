/* From each rank's part of the parameter gradient to updated parameters on all ranks.
 *
 * The parts are nodes of a tree over groups of rows (math/tree.h); under reduction: fast a rank's rows are
 * one group, so one node. Every rank owns slices of the parameters (mpi/slices.h), receives these of the
 * others' nodes, completes the tree, updates its slices, and the updated slices are gathered. So the sum's
 * bits depend on the groups alone, which under exact are those of any number of ranks. As many bytes travel
 * as in an allreduce where a rank makes one node: n (P-1)/P floats out of each rank, twice; and a rank
 * updates a P-th. docs/decisions/0014 compares it with the alternatives, 0023 says why fast goes the same
 * way.
 *
 * There is one bucket of parameters, exchanged by par_gradient_sum (MPI_Alltoallv); or, in flight, several,
 * each sent as soon as the backward pass has completed it, while it goes on: decision 0026.
 *
 * The order of calls in a step: terms set the gradients of their own tensors in `nodes`; the backward pass,
 * watched, which sends these along with the first bucket; sum, square_sum, an update of the own ranges,
 * share. */
#ifndef PAR_GRADIENT_H
#define PAR_GRADIENT_H

#include "model/network.h"
#include "model/params.h"
#include "mpi/collective.h"
#include "mpi/flight.h"
#include "mpi/groups.h"
#include "mpi/slices.h"

enum { PAR_FLAGS_MAX = 32 };

struct par_gradient {
    struct par par;
    int64_t n_params, n_flags;
    int n_ranges;           /* one of each bucket */
    struct bl_range *range; /* the parameters whose sum this rank holds, and which it updates; owned */
    float *sum; /* [n_params], of which the ranges are set by par_gradient_sum; the first node's memory */
    int64_t n_nodes; /* of this rank */
    float *nodes;    /* [n_nodes, n_params]: where the backward pass puts this rank's part; owned */
    double flags[PAR_FLAGS_MAX];    /* of this rank before, of all ranks after square_sum */
    struct bl_backward_watch watch; /* for the backward pass where gradients travel in flight */

    const struct bl_layout *layout; /* borrowed */
    struct par_slices slices;
    int in_flight, n_begun; /* buckets that are under way */
    struct par_flight flight, share_flight;

    /* owned */
    int64_t *begin;        /* [n_ranges] where each bucket begins */
    int64_t *block;        /* [n_blocks + 1] where each block of the slices begins */
    double *squares;       /* [n_blocks + size * n_flags] by ranks: their flags, then their blocks */
    double *block_squares; /* [n_blocks] in the order of blocks */
    int64_t all_nodes;
    int64_t *node_size;             /* [all_nodes] groups of each, of all ranks in order */
    int64_t *first_node;            /* [size + 1] */
    float *received;                /* [n_ranges][all_nodes - n_nodes][hi - lo] of the other ranks */
    int64_t slice_max;              /* of all ranks and buckets */
    float **slice_node;             /* [n_ranges, all_nodes] where this rank's slice of each node stands */
    struct par_parts out, in;       /* of one node of each rank */
    struct par_blocks *shares;      /* [n_ranges] of each bucket the slices of ranks, from its begin */
    struct par_blocks rank_squares; /* of `squares` */
};

/* Sets up. Borrows groups until it returns and layout until par_gradient_free; *gradient stays where it is.
 * bucket_floats: of buckets in flight; 0: nothing is. threads: of the backward pass. Collective; agreed.
 * Errors: BL_MEMORY. par_gradient_free is safe twice. */
int par_gradient_init(struct par_gradient *gradient, struct par par, const struct bl_layout *layout,
                      const struct par_groups *groups, int64_t n_flags, int threads, int64_t bucket_floats,
                      struct bl_error *err);
void par_gradient_free(struct par_gradient *gradient);

/* What the backward pass is watched by: NULL where nothing travels in flight. Local. */
const struct bl_backward_watch *par_gradient_watch_local(const struct par_gradient *gradient);

/* Sums the nodes of all ranks: sets sum in the own ranges. Collective. */
void par_gradient_sum(struct par_gradient *gradient);

/* The sum of squares of the whole sum, blocks in order, the same bits on all ranks; flags become sums over
 * ranks. If it isn't finite, *bad is the first tensor whose part isn't. Collective. */
double par_gradient_square_sum(struct par_gradient *gradient, const struct bl_tensor **bad);

/* values [n_params], of which every rank has set its ranges: becomes whole on all ranks. par: the one of
 * par_gradient_init, as what it counts. Collective. */
void par_gradient_share(struct par_gradient *gradient, struct par par, float *values);

#endif

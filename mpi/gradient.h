/* From each rank's part of the parameter gradient to updated parameters on all ranks.
 *
 * The parts are nodes of a tree over groups of rows (math/tree.h); under reduction: fast a rank's rows are
 * one group, so one node. Every rank owns a slice of the parameters, receives that slice of the others' nodes
 * (MPI_Alltoallv), completes the tree, updates its slice, and the updated slices are gathered
 * (MPI_Allgatherv). So the sum's bits depend on the groups alone, which under exact are those of any number
 * of ranks. As many bytes travel as in an allreduce where a rank makes one node: n (P-1)/P floats out of each
 * rank, twice; and a rank updates a P-th. docs/decisions/0014 compares it with the alternatives, 0023 says
 * why fast goes the same way.
 *
 * The order of calls in a step: sum, square_sum, an update of [lo, hi), share. */
#ifndef PAR_GRADIENT_H
#define PAR_GRADIENT_H

#include "model/params.h"
#include "mpi/collective.h"
#include "mpi/groups.h"

enum { PAR_FLAGS_MAX = 32 };

struct par_gradient {
    struct par par;
    int64_t n_params, n_flags;
    int64_t lo, hi;  /* the parameters whose sum this rank holds, and which it updates */
    float *sum;      /* [n_params], of which [lo, hi) is set by par_gradient_sum; the first node's memory */
    int64_t n_nodes; /* of this rank */
    float *nodes;    /* [n_nodes, n_params]: where the backward pass puts this rank's part; owned */
    double flags[PAR_FLAGS_MAX]; /* of this rank before, of all ranks after square_sum */

    /* blocks of parameters, none across tensors: the unit of slices and of the sum of squares */
    int64_t n_blocks;
    int64_t *block;                 /* [n_blocks + 1] where each begins; owned */
    const struct bl_layout *layout; /* borrowed */
    double *squares;                /* [n_blocks + size * n_flags]; owned */

    /* owned */
    int64_t all_nodes;
    int64_t *node_size;             /* [all_nodes] groups of each, of all ranks in order */
    int64_t *first_node;            /* [size + 1] */
    float *received;                /* [all_nodes - n_nodes, hi - lo] of the other ranks */
    float **slice_node;             /* [all_nodes] where this rank's slice of each node stands */
    int64_t slice_max;              /* of all ranks */
    struct par_parts out, in;       /* of one node of each rank */
    struct par_blocks slices;       /* the parameters of each rank */
    struct par_blocks rank_squares; /* of `squares`: flags and blocks of each rank */
};

/* Sets up. groups and layout are borrowed only here and, layout, later. Collective; agreed. Errors:
 * BL_MEMORY. par_gradient_free is safe twice. */
int par_gradient_init(struct par_gradient *gradient, struct par par, const struct bl_layout *layout,
                      const struct par_groups *groups, int64_t n_flags, struct bl_error *err);
void par_gradient_free(struct par_gradient *gradient);

/* Sums the nodes of all ranks: sets sum [lo, hi). Collective. */
void par_gradient_sum(struct par_gradient *gradient);

/* The sum of squares of the whole sum, blocks in order, the same bits on all ranks; flags become sums over
 * ranks. If it isn't finite, *bad is the first tensor whose part isn't. Collective. */
double par_gradient_square_sum(struct par_gradient *gradient, const struct bl_tensor **bad);

/* values [n_params], of which every rank has set [lo, hi): becomes whole on all ranks. par: the same ranks,
 * as what it counts. Collective. */
void par_gradient_share(struct par_gradient *gradient, struct par par, float *values);

/* How many blocks a layout has, and the slice [*lo, *hi) of a rank: whole blocks. Local. */
int64_t par_gradient_blocks_local(const struct bl_layout *layout);
void par_gradient_slice_local(const struct bl_layout *layout, int rank, int size, int64_t *lo, int64_t *hi);

#endif

/* From each rank's part of the parameter gradient to the sum over all ranks, of which each rank of a node
 * updates a slice.
 *
 * Every rank's part stands in a window that its node shares. Within a node, each rank adds up its slice of
 * all parts (mpi/step/slices.h: whole blocks of parameters); between nodes the slices are summed by
 * MPI_Allreduce, one for each lane (mpi/ranks/nodes.h), so that 2 n (nodes - 1)/nodes numbers leave a node,
 * however many ranks it has. The sum stands in the node's one copy. Where nothing is shared a node is one
 * rank, and all this is one MPI_Allreduce. Under fast the numbers are floats; under exact integers on a
 * grid (math/grid.h), whose sum has the same bits in any order, so on any ranks, nodes and with any
 * algorithm of MPI's: docs/decisions/0014.
 *
 * In front of the first parameters travels a tail: flags, and under exact the sizes of what was added up,
 * by which all ranks see whether the grid was fine and wide enough. If it wasn't, the step is to be done
 * again.
 *
 * There is one bucket of parameters, exchanged by par_gradient_sum after the backward pass; or, in flight,
 * several, each sent as soon as the backward pass has completed it (docs/decisions/0026).
 *
 * The order of calls in a step: the objective and the backward pass, watched, put this rank's part into
 * `part`; flags are set before the backward pass; sum, square_sum, an update of the own ranges,
 * par_nodes_meet. */
#ifndef PAR_STEP_GRADIENT_H
#define PAR_STEP_GRADIENT_H

#include "math/grid.h"
#include "model/network.h"
#include "model/params.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/flight.h"
#include "mpi/ranks/nodes.h"
#include "mpi/ranks/window.h"
#include "mpi/step/slices.h"

enum { PAR_FLAGS_MAX = 32 };

struct par_gradient_options {
    int64_t groups;        /* of all ranks, under exact; 0: fast, floats */
    int64_t n_flags;       /* <= PAR_FLAGS_MAX */
    int threads;           /* of the backward pass */
    int64_t bucket_floats; /* of buckets in flight; 0: nothing is */
};

/* How far the buckets of a sum are: each is begun when it is complete here, added when the node's ranks all
 * have it, and sent when they all have added; owned. */
struct gradient_buckets {
    int begun, added, sent;       /* how many */
    MPI_Request *met, *met_again; /* [n_ranges] of the node's ranks: all have begun it; all have added it */
    struct par_flight flight;     /* those that were sent */
};

/* A rank fills its own part and updates its ranges of the sum; the window belongs to the node. */
struct par_gradient {
    const struct par_nodes *nodes;  /* borrowed */
    const struct bl_layout *layout; /* borrowed */
    struct par_gradient_options options;

    /* what a step works with */
    struct bl_grad part;    /* where this rank's part goes, whole */
    float *sum;             /* [n_params] the node's copy; par_gradient_sum sets own ranges, and all of it
                                     * is there after the next par_nodes_meet */
    int n_ranges;           /* one of each bucket */
    struct bl_range *range; /* the parameters that this rank sums and updates; owned */
    double flags[PAR_FLAGS_MAX];    /* of this rank before, of all ranks after par_gradient_judge */
    struct bl_backward_watch watch; /* for the backward pass where buckets are in flight */
    float *scale; /* [n_tensors] of the grid: part of a run's state; 0: not known yet; owned */

    /* how parts become the sum */
    struct slices node_slices, lane_slices; /* who adds up within the node; what each lane carries */
    struct par lane;                        /* ranks that carry the same, counting as PAR_TRAFFIC_GRADIENT */
    struct par_window window;               /* parts of the node's ranks: tail, then n_params numbers */
    int n_parts, own_part, added_part; /* the sum is part 0, what the node's ranks add up part added_part */
    int64_t tail, part_bytes;          /* numbers of the tail; bytes from one rank's part to the next */
    uint32_t *largest;                 /* [threads, n_tensors]; owned */
    int64_t *block;                    /* [n_blocks + 1] where each block of the slices begins; owned */
    struct par_window squares;         /* [n_blocks] doubles, once a node */
    int in_flight;                     /* buckets are sent during the backward pass */
    struct gradient_buckets buckets;
};

/* Sets up. Borrows nodes and layout until par_gradient_free; *gradient stays where it is. Collective; agreed.
 * Errors: BL_MEMORY, PAR_NO_WINDOW. par_gradient_free is collective over the node, safe twice and on zeros.
 */
int par_gradient_init(struct par_gradient *gradient, const struct par_nodes *nodes,
                      const struct bl_layout *layout, const struct par_gradient_options *options,
                      struct bl_error *err);
void par_gradient_free(struct par_gradient *gradient);

/* Before a rank's part is formed anew. Local. */
void par_gradient_clear_local(struct par_gradient *gradient);

/* What the backward pass is watched by: NULL where nothing travels in flight. Local. */
const struct bl_backward_watch *par_gradient_watch_local(const struct par_gradient *gradient);

/* Sums the parts of all ranks: sets sum in the own ranges. Collective. */
void par_gradient_sum(struct par_gradient *gradient);

struct par_gradient_outcome {
    double square_sum;           /* of the whole sum, blocks in order; the same bits on all ranks */
    const struct bl_tensor *bad; /* the first tensor with a value that isn't finite, or NULL */
    int again; /* the grid didn't suit: this sum can't be used; scales are set so that the next one will do */
};

/* Looks at the whole sum; flags become sums over ranks; scales become those of the next step. Collective. The
 * same on all ranks, under exact on any ranks. */
struct par_gradient_outcome par_gradient_judge(struct par_gradient *gradient);

/* Bytes that a rank of a node of node_ranks holds; numbers of the tail that travels in front of the
 * parameters. Local. */
int64_t par_gradient_bytes_local(const struct bl_layout *layout, int exact, int n_nodes, int node_ranks,
                                 int is_even, int in_flight);
int64_t par_gradient_tail_local(const struct bl_layout *layout, int exact);

/* What a rank counts in one sum. bucket_floats and threads as in the options. Local. */
struct par_traffic_count par_gradient_traffic_local(const struct bl_layout *layout, int exact, int threads,
                                                    int64_t bucket_floats, const struct traffic_lane *lane);

#endif

/* Sums over the batch that terms of the objective ask for: integers, so the same in any order (math/fixed.h),
 * added up within each node first, as the gradient is. */
#ifndef PAR_STEP_SUMS_H
#define PAR_STEP_SUMS_H

#include "mpi/ranks/nodes.h"
#include "mpi/ranks/window.h"

struct par_sums {
    const struct par_nodes *nodes; /* borrowed */
    int64_t n, part_bytes;
    struct par_window window; /* of each rank: [n] */
};

/* Borrows nodes. Collective; agreed. Errors: BL_MEMORY, PAR_NO_WINDOW. par_sums_free is collective over the
 * node, safe twice and on zeros. */
int par_sums_init(struct par_sums *sums, const struct par_nodes *nodes, int64_t n, struct bl_error *err);
void par_sums_free(struct par_sums *sums);

/* values [n] become the sums over all ranks, in place. Between two calls the ranks of a node meet.
 * Collective. */
void par_sums_run(struct par_sums *sums, int64_t *values);

/* What a rank counts in one sum of n numbers. Local. */
struct par_traffic_count par_sums_traffic_local(int64_t n, const struct traffic_lane *lane);

#endif

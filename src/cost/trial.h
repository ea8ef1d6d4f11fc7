/* A rank's part of a training step, done once on made-up rows and timed: what a step costs without the
 * others. A model of many ranks needs nothing else of the machine. */
#ifndef BL_COST_TRIAL_H
#define BL_COST_TRIAL_H

#include <stdint.h>

#include "config/config.h"
#include "data/labels.h"
#include "data/types.h"
#include "model/shape.h"

struct bl_trial_size {
    int64_t n_local, n_global; /* rows of the rank and of the batch */
    int64_t groups;            /* of the rank's rows; 1 under fast */
    int64_t updated;           /* parameters that the rank updates */
    int once;           /* whether each pair of a host's rows is visited once; n_global are rows of the batch
                         * then */
    int64_t node_ranks; /* ranks of a host whose blocks this rank adds for its slice; 0 or 1: none */
};

struct bl_trial {
    double rows_s;   /* input, forward, objective and backward */
    double update_s; /* adding the host's sums, their norm, the optimiser */
    double flops;    /* of the matrix products among it */
};

/* Times the best of a few steps of at most BL_TRIAL_ROWS rows against at most BL_TRIAL_BATCH; times are
 * scaled to the size asked for, as each row costs the same, and groups keep their rows. Takes milliseconds to
 * a second or two. Allocates and frees. Errors: BL_MEMORY; BL_USAGE for labels that the objective can't use.
 */
enum { BL_TRIAL_ROWS = 1024, BL_TRIAL_BATCH = 16384 };
int bl_trial_run(struct bl_trial *trial, const struct bl_config *config, int64_t dim, enum bl_type type,
                 struct bl_label_layout labels, const struct bl_trial_size *size, struct bl_error *err);

/* Multiplications and additions of a step's products for n_local rows: three products for each weight and
 * row, two in the first layer, and pair_products of half of the pairs: 4 where each is visited twice, 3 once,
 * between them where some are.
 */
double bl_trial_flops(const struct bl_shape *shape, int64_t n_local, int64_t n_global, double pair_products);

#endif

/* Times one rank's part of a training step on random rows, without any communication. It is all that the
 * model of many ranks (bitloom check --ranks) needs to know about the processor. */
#ifndef BL_COST_TRIAL_H
#define BL_COST_TRIAL_H

#include <stdint.h>

#include "config/config.h"
#include "data/labels.h"
#include "data/types.h"
#include "model/shape.h"

struct bl_trial_size {
    int64_t n_local, n_global; /* rows of the rank, and of the batch */
    int64_t groups;            /* groups of the rank's rows; 1 with reduction fast */
    int64_t updated;           /* parameters that the rank updates */
    int once;                  /* each pair of the host's rows is visited once */
    int64_t node_ranks; /* ranks of the host, whose gradients this rank adds for its slice; <= 1: none */
};

struct bl_trial {
    double rows_s;   /* input, forward pass, objective and backward pass */
    double update_s; /* adding the host's gradients, their norm, the optimiser */
    double flops;    /* of the matrix products in rows_s */
};

/* The best time of several steps of at most BL_TRIAL_ROWS rows against a batch of at most BL_TRIAL_BATCH,
 * scaled to the size asked for. Takes milliseconds to about two seconds, and memory for such a step. Errors:
 * BL_MEMORY; BL_USAGE for labels that the objective can't use. */
enum { BL_TRIAL_ROWS = 1024, BL_TRIAL_BATCH = 16384 };
int bl_trial_run(struct bl_trial *trial, const struct bl_config *config, int64_t dim, enum bl_type type,
                 struct bl_label_layout labels, const struct bl_trial_size *size, struct bl_error *err);

/* How many times longer a size takes than what is run of it. Time grows with the rank's rows; that of the objective
 * (pairs) also with the rows of the batch. */
struct bl_trial_scale {
    double rows, pairs;
};
struct bl_trial_scale bl_trial_scale(const struct bl_trial_size *size);

/* Multiplications and additions in a step's matrix products for n_local rows: three products for each weight
 * and row, two in the first layer, plus pair_products n_local n_global K for pairs. pair_products: 4 if each
 * pair is visited from both sides, 3 if once, in between if some are. */
double bl_trial_flops(const struct bl_shape *shape, int64_t n_local, int64_t n_global, double pair_products);

#endif

/* What a run is between two steps. As a file: mpi/run/saved_state.h. */
#ifndef PAR_RUN_RUN_STATE_H
#define PAR_RUN_RUN_STATE_H

#include "config/config.h"
#include "loss/objective.h"
#include "loss/term.h"
#include "model/model.h"
#include "mpi/ranks/nodes.h"
#include "mpi/ranks/window.h"
#include "optim/optimizer.h"

/* Sums over steps of each term's unweighted value, of all ranks. */
struct term_sums {
    double values[BL_TERMS_MAX];
    int64_t steps;
};

/* How far a run is; the same on all ranks. */
struct run_progress {
    int64_t step;         /* steps done; the next is number `step` */
    int64_t starts;       /* how often the run was started or continued */
    double train_seconds; /* in steps, over all starts */
    struct term_sums epoch;
    struct term_sums interval; /* since the last line of steps */
    double interval_seconds;
    double last_objective;       /* of the last whole epoch; NaN: none yet */
    int64_t settled_epochs;      /* the last so many changed it by less than train.settle */
    int64_t last_evaluated_step; /* -1: none yet */
};

/* The best evaluation so far; the same on all ranks. */
struct run_best {
    double map; /* -1: no evaluation yet */
    int64_t step, evaluations_since;
    float *params; /* [n_params] then */
};

/* Lengths of the run's files when the checkpoint was written; -1: not known. */
struct run_lengths {
    int64_t metrics_bytes, log_bytes;
};

/* All that the next step depends on, and what the run tells later. A node has parameters, best parameters
 * and optimiser states once, in `window`; numbers and statistics of features are each rank's own, the same
 * on all. Rank 0 writes the numbers of a checkpoint, every rank a part of the tensors. */
struct par_run_state {
    struct run_progress progress;
    struct run_best best;
    struct run_lengths files;
    uint64_t fingerprint;              /* of the data */
    uint64_t digest;                   /* of model.params when the checkpoint was written */
    int64_t label_kind, label_classes; /* of the data: what the terms' own tensors are made for */
    struct bl_model model;             /* model.trained: what a model of --init was trained on */
    struct bl_optimizer optimizer;
    float *memory; /* [memory_rows, K] the step's memory of codes, if it has one; borrowed */
    int64_t memory_rows;
    float *scale;                  /* [n_tensors] of the step's gradient; borrowed, NULL: none to keep */
    struct par_window window;      /* owned */
    const struct par_nodes *nodes; /* borrowed */
};

/* Allocates model, optimiser and best parameters, once a node, for a configuration, a data width and the
 * data's labels; parameters start from the seed. Borrows nodes. Collective; agreed. Errors: BL_MEMORY,
 * PAR_NO_WINDOW, BL_DEFECT. par_run_state_free is collective over the node, safe twice. */
int par_run_state_init(struct par_run_state *state, const struct par_nodes *nodes,
                       const struct bl_config *config, int64_t dim, struct bl_label_layout labels,
                       struct bl_error *err);
void par_run_state_free(struct par_run_state *state);

/* Bytes that a node has once. Local. */
int64_t par_run_state_bytes_local(const struct bl_config *config, int64_t n_params);

/* Copies parameters [n_params] over the node's, or the node's over the best ones: each rank a share. The
 * ranks of a node meet afterwards. Collective over the node. */
void par_run_state_set_params(struct par_run_state *state, const float *params);
void par_run_state_keep_best(struct par_run_state *state);

#endif

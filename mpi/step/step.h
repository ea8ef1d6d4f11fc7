/* One training step: own rows forward, codes and labels of all ranks into each node's one copy, the terms'
 * values and gradients, own rows backward, the sum of the parameter gradient over ranks, and an update of
 * the node's one copy of the parameters, each of its ranks a slice. What travels between
 * nodes: mpi/ranks/nodes.h; what of it overlaps with computation: mpi/step/overlap.h. Nothing is allocated
 * after par_step_init. */
#ifndef PAR_STEP_STEP_H
#define PAR_STEP_STEP_H

#include "loss/objective.h"
#include "model/model.h"
#include "model/network.h"
#include "mpi/process/phases.h"
#include "mpi/ranks/nodes.h"
#include "mpi/rows/batches.h"
#include "mpi/rows/sum_groups.h"
#include "mpi/rows/train_data.h"
#include "mpi/step/batch.h"
#include "mpi/step/code_memory.h"
#include "mpi/step/exchange.h"
#include "mpi/step/gradient.h"
#include "mpi/step/overlap.h"
#include "optim/optimizer.h"

/* What happened in a step; the same on all ranks. */
struct par_step_outcome {
    double lr, beta, grad_norm;
    double parameter_values[BL_TERMS_MAX]; /* values of parameter terms, 0 for the others */
    int request;                           /* enum signals_request: the highest of all ranks */
    int busy; /* how many ranks were busy with a checkpoint when the step began */
};

/* A step's parts and the work space between them. Parameters and optimiser states are the caller's, and so
 * is the account of time; a rank owns its rows of the batch (batch, z, h, dh, group_values), a node what
 * all ranks bring (memory, exchange, gradient). */
struct par_step {
    struct par par;
    const struct par_nodes *nodes;     /* borrowed */
    const struct bl_config *config;    /* borrowed */
    const struct par_train_data *data; /* borrowed */
    struct phases *phases;             /* borrowed: the run's */
    struct batches batches;
    int64_t total_steps; /* of the run */
    struct overlap overlap;

    /* set by the caller before a step, and seen by all ranks in its outcome */
    int local_request; /* enum signals_request of this rank */
    int local_busy;    /* 1 if this rank writes a checkpoint in the background */

    struct par_batch batch;       /* own rows, x [n_local, D] */
    struct par_sum_groups groups; /* of own rows: what sums are formed by */
    struct bl_product product;
    struct bl_network network;
    struct bl_objective objective;
    struct par_code_memory memory; /* part of the run's state where the objective has one */
    struct par_exchange exchange;
    struct par_gradient gradient;
    float *z, *h, *dh;    /* [n_local, K] outputs, relaxed codes, gradients in h, then in z; owned */
    double *group_values; /* [groups, BL_TERMS_MAX] each group's part of each row term's value; owned */
};

/* What reports say of a step, which nothing changes after par_step_init: by value, pointers borrowed. */
struct step_facts {
    int64_t ranks, nodes, threads; /* threads: of a rank */
    int64_t batch_rows, steps_per_epoch, total_steps;
    double flops; /* of a step, all ranks together */
    struct overlap overlap;
    const struct bl_product *product;
    const struct bl_objective *objective;
};

/* Borrows all but err. Collective; agreed. Errors: BL_USAGE, BL_MEMORY, PAR_NO_WINDOW. par_step_free is
 * collective over the node, safe twice. */
int par_step_init(struct par_step *step, const struct par_nodes *nodes, const struct bl_config *config,
                  const struct par_train_data *data, const struct bl_model *model, struct phases *phases,
                  struct bl_error *err);
void par_step_free(struct par_step *step);

/* Bytes of a rank that brings n rows of a batch: the batch, and what the network makes of it. Local. */
int64_t par_step_rows_bytes_local(const struct bl_config *config, const struct bl_shape *shape, int64_t n,
                                  int64_t label_words);

struct step_facts par_step_facts_local(const struct par_step *step);

/* Global step `number` (from 0): gradient.sum gets the gradient of the global batch, the node's one copy
 * (mpi/step/gradient.h); also fills group_values and outcome; updates nothing. The ranks of a node meet
 * before the next. Collective. Errors, the same on all ranks: BL_NUMBERS naming step, term or tensor, and
 * the likely cause; where rows are streamed, those of read_ahead_take. */
int par_step_gradient(struct par_step *step, const struct bl_model *model, int64_t number,
                      struct par_step_outcome *outcome, struct bl_error *err);

/* par_step_gradient, clipping, and the optimiser's update of model->params and its states, which a node has
 * once. Collective. Errors: those of par_step_gradient; nothing is updated then. */
int par_step_run(struct par_step *step, struct bl_model *model, struct bl_optimizer *optimizer,
                 int64_t number, struct par_step_outcome *outcome, struct bl_error *err);

#endif

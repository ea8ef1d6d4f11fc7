/* One training step: own rows forward, codes and labels of all ranks into each node's one copy, the terms'
 * values and gradients, own rows backward, the sum of the parameter gradient over ranks, and an update of the
 * node's one copy of the parameters, each of its ranks a slice. What crosses between nodes: mpi/ranks/nodes.h; what
 * of it goes on while the rank computes: mpi/step/overlap.h. Nothing is allocated after par_step_init. */
#ifndef PAR_STEP_STEP_H
#define PAR_STEP_STEP_H

#include "loss/objective.h"
#include "model/model.h"
#include "model/network.h"
#include "mpi/process/phases.h"
#include "mpi/ranks/nodes.h"
#include "mpi/rows/batches.h"
#include "mpi/rows/read_ahead.h"
#include "mpi/rows/sum_groups.h"
#include "mpi/rows/train_data.h"
#include "mpi/step/code_memory.h"
#include "mpi/step/gather.h"
#include "mpi/step/gradient.h"
#include "mpi/step/overlap.h"
#include "mpi/step/pair_return.h"
#include "mpi/step/sums.h"
#include "optim/optimizer.h"

/* Numbers that ride along with the gradient. */
enum { PAR_STEP_FLAGS = BL_TERMS_MAX + 4 };

/* What happened in a step; the same on all ranks. */
struct par_step_outcome {
    double lr, beta, grad_norm;
    double parameter_values[BL_TERMS_MAX]; /* values of parameter terms, 0 for the others */
    int request;                           /* enum signals_request: the highest of all ranks */
    int busy;                              /* how many ranks were busy with a checkpoint when it began */
};

struct par_step {
    struct par par;
    const struct par_nodes *nodes;     /* borrowed */
    const struct bl_config *config;    /* borrowed */
    const struct par_train_data *data; /* borrowed */
    struct par_batches batches;
    struct overlap overlap;
    struct par_sum_groups groups; /* of the rows of a batch */
    struct bl_product product;
    struct bl_objective objective;
    struct bl_network network;
    struct par_gather gather;
    struct par_sums sums;
    struct par_pair_return mirror; /* empty where pairs are visited twice */
    struct par_code_memory memory; /* part of the run's state where the objective has one */
    struct par_gradient gradient;
    struct phases phases; /* of the run; starts with par_step_init */
    int64_t total_steps;
    int local_request;        /* enum signals_request of this rank: rides on the next step's reduction */
    int local_busy;           /* 1 if this rank writes a checkpoint behind the steps: rides there too */
    int64_t shuffled_epoch;   /* the epoch that the shards' orders stand for; -1: none */
    struct read_ahead *ahead; /* NULL: the rows are in memory; owned */
    int input_code;           /* of reading the batch, of this rank alone */
    struct bl_error input_error;
    int64_t *rows;         /* [n_local] file rows of the batch */
    uint32_t *labels;      /* [n_local, words] */
    float *x, *z, *h, *dh; /* [n_local, D], [n_local, K] x 3 */
    double *group_values;  /* [groups, BL_TERMS_MAX] each group's part of each row term's value */
};

/* Borrows all but err. Collective; agreed. Errors: BL_USAGE, BL_MEMORY, PAR_NO_WINDOW. par_step_free is
 * collective over the node, safe twice. */
int par_step_init(struct par_step *step, const struct par_nodes *nodes, const struct bl_config *config,
                  struct par_train_data *data, const struct bl_model *model, struct bl_error *err);
void par_step_free(struct par_step *step);

/* Global step `number` (from 0): gradient.sum gets the gradient of the global batch, the node's one copy
 * (mpi/step/gradient.h); also fills group_values and outcome; updates nothing. The ranks of a node meet before the
 * next. Collective. Errors, the same on all ranks: BL_NUMBERS naming step, term or tensor, and the likely
 * cause; where rows are streamed, those of read_ahead_take. */
int par_step_gradient(struct par_step *step, struct bl_model *model, int64_t number,
                      struct par_step_outcome *outcome, struct bl_error *err);

/* par_step_gradient, clipping, and the optimiser's update of model->params and its states, which a node has
 * once. Collective. */
int par_step_run(struct par_step *step, struct bl_model *model, struct bl_optimizer *optimizer,
                 int64_t number, struct par_step_outcome *outcome, struct bl_error *err);

#endif

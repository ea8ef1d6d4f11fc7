/* What a run is between two steps, and how it gets into a checkpoint and back. */
#ifndef PAR_RUN_STATE_H
#define PAR_RUN_STATE_H

#include "config/config.h"
#include "loss/objective.h"
#include "loss/term.h"
#include "model/model.h"
#include "mpi/checkpoint.h"
#include "optim/optimizer.h"

struct par_run_state {
    int64_t step;         /* steps done; the next is number `step` */
    double train_seconds; /* in steps, over all starts of the run */
    int64_t starts;       /* how often the run was started or continued */
    double
        epoch_values[BL_TERMS_MAX]; /* this epoch's sums of each term's value over its steps, of all ranks */
    int64_t epoch_steps;
    double best_map; /* -1: no evaluation yet */
    int64_t best_step, evaluations_since_best;
    int64_t last_evaluated_step; /* -1: none yet */
    int64_t metrics_bytes;
    uint64_t fingerprint; /* of the data */
    uint64_t digest;      /* of model.params when the checkpoint was written */
    struct bl_model model;
    struct bl_optimizer optimizer;
    float *best_params; /* [n_params] of the best evaluation so far; owned */
};

/* Allocates model, optimiser and best parameters for a configuration and a data width; parameters start from
 * the seed. Errors: BL_MEMORY, BL_DEFECT. par_run_state_free is safe twice. */
int par_run_state_init(struct par_run_state *state, const struct bl_config *config, int64_t dim,
                       struct bl_error *err);
void par_run_state_free(struct par_run_state *state);

/* Writes a checkpoint at path. config_text: the effective configuration. Collective; agreed. */
int par_run_state_write(struct par_run_state *state, struct par par, const char *path,
                        const char *config_text, struct bl_error *err);

/* Fills an initialised state from a checkpoint whose head was opened by par_checkpoint_open. Collective;
 * agreed. Errors: BL_INPUT when something is missing or has another shape. */
int par_run_state_read(struct par_run_state *state, struct par par, const char *path,
                       const struct par_state *head, struct bl_error *err);

#endif

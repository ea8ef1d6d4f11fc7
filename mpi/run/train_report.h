/* What a training run tells while it goes: the progress line, plain lines, and metrics.jsonl. */
#ifndef PAR_RUN_TRAIN_REPORT_H
#define PAR_RUN_TRAIN_REPORT_H

#include "mpi/evaluate/held_out.h"
#include "mpi/ranks/placement.h"
#include "mpi/run/run_state.h"
#include "mpi/step/step.h"

struct par_train_report {
    struct par_step *step;       /* borrowed */
    struct par_run_state *state; /* borrowed */
    int64_t every_steps;
    double *group_values;                  /* [own groups, BL_TERMS_MAX] not yet summed over groups; owned */
    double parameter_values[BL_TERMS_MAX]; /* of parameter terms, since group_values were summed */
    int64_t local_steps;
    double first_second, last_plain_second;
    int64_t first_step;
    int said_collapse; /* a warning is said once, until the codes recover */
};

/* Borrows step and state. Local. Errors: BL_MEMORY. par_train_report_free is safe twice. */
int par_train_report_init(struct par_train_report *report, struct par_step *step, struct par_run_state *state,
                          int64_t every_steps, struct bl_error *err);
void par_train_report_free(struct par_train_report *report);

/* What is about to be done with which data in which folder, and the event "start" or "continue". Local;
 * errors: BL_PATH on rank 0. */
int par_train_report_start_local(const struct par_train_report *report, const struct par_placement *placement,
                                 const char *data_path, const char *folder, int resumed,
                                 struct bl_error *err);

/* Keeps a step's values. Local. */
void par_train_report_add_local(struct par_train_report *report, const struct par_step_outcome *outcome,
                                double seconds);

/* Sums what was kept, in the order of groups, into the state's epoch and the interval. Collective. */
void par_train_report_flush(struct par_train_report *report);

/* The mean over the epoch's steps of the weighted sum of terms; after a flush the same on all ranks. */
double par_train_report_objective_local(const struct par_train_report *report);

/* The events; each writes a line of metrics and says something. Flush first where values are reported. Local;
 * errors: BL_PATH on rank 0. */
int par_train_report_step_local(struct par_train_report *report, const struct par_step_outcome *outcome,
                                struct bl_error *err);
int par_train_report_epoch_local(struct par_train_report *report, struct bl_error *err);
int par_train_report_evaluation_local(struct par_train_report *report, const struct held_out_result *result,
                                      int better, double seconds, struct bl_error *err);

#endif

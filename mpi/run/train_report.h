/* What a training run tells while it goes: the progress line, plain lines, and metrics.jsonl. One rank
 * alone: all call, rank 0's words are seen. */
#ifndef PAR_RUN_TRAIN_REPORT_H
#define PAR_RUN_TRAIN_REPORT_H

#include "mpi/evaluate/held_out.h"
#include "mpi/ranks/placement.h"
#include "mpi/run/run_state.h"
#include "mpi/step/step.h"

struct train_report {
    struct step_facts step;
    const struct bl_config *config;    /* borrowed */
    const struct par_train_data *data; /* borrowed */
    struct par_run_state *state;       /* borrowed; sums start anew when they were told */
    int64_t first_step;                /* of this process */
    double first_second, last_plain_second;
    int said_collapse; /* a warning is said once, until the codes recover */
    int said_nothing;  /* likewise, that nothing is relevant to any held-out row */
};

/* From now on counts steps and seconds. Borrows all. */
struct train_report train_report_of(struct step_facts step, const struct bl_config *config,
                                    const struct par_train_data *data, struct par_run_state *state);

/* What is about to be done with which data in which folder, and the event "start" or "continue". Errors:
 * BL_PATH on rank 0. */
int train_report_start(const struct train_report *report, const struct par_placement *placement,
                       const char *data_path, const char *folder, int resumed, struct bl_error *err);

/* Each writes a line of metrics and says something. step and epoch tell the sums of state->progress, which
 * must be those of all ranks (par_loss_sums_flush), and start them anew. Errors: BL_PATH on rank 0. */
int train_report_step(struct train_report *report, const struct par_step_outcome *outcome,
                      struct bl_error *err);
int train_report_epoch(struct train_report *report, struct bl_error *err);
int train_report_evaluation(struct train_report *report, const struct held_out_result *result, int better,
                            double seconds, struct bl_error *err);

/* In place of an evaluation where there are no labels. Errors: BL_PATH on rank 0. */
int train_report_codes(struct train_report *report, const struct bl_code_health *health,
                       struct bl_error *err);

/* The model that the finished run left at model_path. Errors: BL_PATH on rank 0. */
int train_report_end(const struct train_report *report, const char *model_path, struct bl_error *err);

/* That a start ended otherwise: on request, or by an error. What is written last is what `report` takes for the
 * run's state; the events go when the run continues. Local. Errors: BL_PATH. */
int train_report_stopped(const struct train_report *report, const char *reason, struct bl_error *err);
void train_report_failed(const struct train_report *report, const struct bl_error *failure);

#endif

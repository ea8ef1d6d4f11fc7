/* How good a run is, by held-out rows, and whether it has had enough steps. */
#ifndef PAR_RUN_RUN_JUDGE_H
#define PAR_RUN_RUN_JUDGE_H

#include "mpi/run/run.h"

/* Whether the run has evaluations at all. Local; the same on all ranks. */
int par_run_is_judged_local(const struct run *run);

/* After each step. At the end of an epoch: reports it, sees whether the objective has settled, and
 * evaluates where evaluate.every_epochs says so. After the last step: evaluates if that wasn't done. A
 * better mAP than before makes the parameters the best and writes model.h5. Collective; agreed. Errors:
 * those of par_held_out_judge and par_model_write; BL_PATH of a pending checkpoint, which is brought to its
 * end first. */
int par_run_judge_step(struct run *run, struct bl_error *err);

/* When no step follows: evaluates unless the last step was evaluated; without evaluations the last
 * parameters become the best. Collective; agreed; errors as par_run_judge_step. */
int par_run_judge_end(struct run *run, struct bl_error *err);

/* Writes the best parameters to model.h5. Collective; agreed. Errors: those of par_model_write. */
int par_run_write_model(struct run *run, struct bl_error *err);

/* Why no more steps are wanted, the same on all ranks. Local. */
int par_run_stops_early_local(
    const struct run *run); /* evaluate.early_stop evaluations without a better mAP */
int par_run_has_settled_local(
    const struct run *run); /* train.settle_epochs epochs that hardly changed the objective */
int par_run_is_finished_local(const struct run *run); /* either of these, or all steps are done */

/* Whether this step or the next ends an epoch that is evaluated, or the run. Local. */
int par_run_judges_soon_local(const struct run *run);

#endif

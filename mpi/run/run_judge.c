#include "mpi/run/run_judge.h"

#include <math.h>

#include "base/clock.h"
#include "mpi/evaluate/held_out.h"
#include "mpi/files/model.h"
#include "mpi/ranks/agree.h"
#include "mpi/run/run_checkpoint.h"

int par_run_is_judged_local(const struct run *run)
{
    return held_out_is_judged(run->config, run->data.n_validation_global, run->data.labels);
}

int par_run_write_model(struct run *run, struct bl_error *err)
{
    struct bl_model best = run->state.model; /* the same but for its parameters */
    best.params = run->state.best.params;
    bl_row_sample_merge(&best.trained, &run->data.trained);
    phases_enter(&run->phases, PHASE_CHECKPOINT);
    return par_model_write(run->par, run->folder.model, &best, par_checkpoint_tuning_local(run->config), err);
}

static void keep_best(struct par_run_state *state, double map)
{
    state->best.map = map;
    state->best.step = state->progress.step;
    state->best.evaluations_since = 0;
    par_run_state_keep_best(state);
}

static int evaluate(struct run *run, struct bl_error *err)
{
    struct par_run_state *state = &run->state;
    struct held_out_result result;
    /* An evaluation takes long: the checkpoint before it is to be safe. */
    int code = par_run_checkpoint_settle(run, err);
    if (code != BL_OK)
        return code;
    const double begun = bl_clock_seconds();
    phases_enter(&run->phases, PHASE_EVALUATION);
    code = par_held_out_judge(par_as_local(run->par, PAR_TRAFFIC_EVALUATION), &run->data, &state->model,
                              &result, err);
    if (code != BL_OK)
        return code;
    state->progress.last_evaluated_step = state->progress.step;
    /* Without a mAP no model is better than the last; the labels decide that, so it never changes. */
    const int better = isnan(result.map) || result.map > state->best.map;
    if (better)
        keep_best(state, isnan(result.map) ? state->best.map : result.map);
    else
        state->best.evaluations_since++;
    code = train_report_evaluation(&run->report, &result, better, bl_clock_seconds() - begun, err);
    code = par_agree(run->par, code, err);
    if (code == BL_OK && better)
        code = par_run_write_model(run, err);
    deadline_evaluation(&run->deadline, bl_clock_seconds() - begun);
    return code;
}

/* Where nothing can be evaluated, codes are looked at: a collapse needs no labels to be seen. */
static int look(struct run *run, struct bl_error *err)
{
    struct bl_code_health health;
    phases_enter(&run->phases, PHASE_EVALUATION);
    int code = par_held_out_look(par_as_local(run->par, PAR_TRAFFIC_EVALUATION), &run->data,
                                 &run->state.model, &health, err);
    if (code != BL_OK)
        return code;
    run->looked_at_step = run->state.progress.step;
    return par_agree(run->par, train_report_codes(&run->report, &health, err), err);
}

/* L of this epoch against that of the last. */
static void judge_objective(struct run *run)
{
    struct run_progress *progress = &run->state.progress;
    const double before = progress->last_objective;
    const double now = term_sums_objective(&progress->epoch, &run->step.objective);
    const int settled = fabs(now - before) < run->config->train.settle * fabs(before);
    progress->settled_epochs = settled ? progress->settled_epochs + 1 : 0;
    progress->last_objective = now;
}

static int end_of_epoch(struct run *run, struct bl_error *err)
{
    struct run_progress *progress = &run->state.progress;
    const int64_t epoch = progress->step / run->step.batches.steps_per_epoch;
    par_loss_sums_flush(&run->losses, &progress->epoch, &progress->interval);
    judge_objective(run);
    int code = par_agree(run->par, train_report_epoch(&run->report, err), err);
    const int64_t every = run->config->evaluate.every_epochs;
    if (code == BL_OK && every > 0 && epoch % every == 0)
        code = par_run_is_judged_local(run) ? evaluate(run, err) : look(run, err);
    return code;
}

static int evaluate_if_due(struct run *run, struct bl_error *err)
{
    const struct run_progress *progress = &run->state.progress;
    const int due = par_run_is_judged_local(run) && progress->last_evaluated_step != progress->step;
    return due ? evaluate(run, err) : BL_OK;
}

int par_run_judge_step(struct run *run, struct bl_error *err)
{
    const int64_t step = run->state.progress.step;
    int code = BL_OK;
    if (step % run->step.batches.steps_per_epoch == 0)
        code = end_of_epoch(run, err);
    if (code == BL_OK && step == run->step.total_steps) /* so that the last checkpoint holds the outcome */
        code = evaluate_if_due(run, err);
    return code;
}

int par_run_judge_end(struct run *run, struct bl_error *err)
{
    int code = evaluate_if_due(run, err);
    if (code == BL_OK && !par_run_is_judged_local(run) && run->looked_at_step != run->state.progress.step)
        code = look(run, err);
    if (!par_run_is_judged_local(run))
        keep_best(&run->state, run->state.best.map);
    return code;
}

int par_run_judges_soon_local(const struct run *run)
{
    const int64_t every = run->config->evaluate.every_epochs * run->step.batches.steps_per_epoch;
    const int64_t step = run->state.progress.step;
    return par_run_is_judged_local(run) && (step % every >= every - 2 || step >= run->step.total_steps - 2);
}

int par_run_stops_early_local(const struct run *run)
{
    return run->config->evaluate.early_stop > 0 && par_run_is_judged_local(run) &&
           run->state.best.evaluations_since >= run->config->evaluate.early_stop;
}

int par_run_has_settled_local(const struct run *run)
{
    return run->config->train.settle > 0.0 &&
           run->state.progress.settled_epochs >= run->config->train.settle_epochs;
}

int par_run_is_finished_local(const struct run *run)
{
    return run->state.progress.step >= run->step.total_steps || par_run_stops_early_local(run) ||
           par_run_has_settled_local(run);
}

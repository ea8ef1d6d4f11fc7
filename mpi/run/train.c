#include "mpi/run/train.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "mpi/evaluate/held_out.h"
#include "mpi/files/model.h"
#include "mpi/process/signals.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/run/checkpoint_writer.h"
#include "mpi/run/deadline.h"
#include "mpi/run/metrics.h"
#include "mpi/run/run.h"
#include "mpi/run/run_folder.h"
#include "mpi/run/summary.h"
#include "mpi/run/train_report.h"
#include "mpi/step/step.h"

/* Between steps */

/* Once it is whole. */
static int report_checkpoint(struct run *run, struct bl_error *err)
{
    const double seconds = bl_clock_seconds() - run->pending.begun_s;
    deadline_checkpoint(&run->deadline, seconds);
    bl_log_say("checkpoint %s  digest %016" PRIx64 "  %.2f s, steps waited %.2f s", run->pending.path,
               run->pending.digest, seconds, run->pending.waited_s);
    json_t *event = json_object();
    json_object_set_new(event, "event", json_string("checkpoint"));
    json_object_set_new(event, "step", json_integer(run->pending.step));
    json_object_set_new(event, "digest", json_sprintf("%016" PRIx64, run->pending.digest));
    json_object_set_new(event, "seconds", json_real(seconds));
    json_object_set_new(event, "waited_seconds", json_real(run->pending.waited_s));
    return par_agree(run->par, metrics_write(event, err), err);
}

/* Further with the checkpoint on its way: a stage, if no rank has to do anything for the one at hand, and
 * then a piece. */
static int advance_checkpoint(struct run *run, int is_free, struct bl_error *err)
{
    int whole = 0, code = BL_OK;
    const double begun = bl_clock_seconds();
    phases_enter(&run->phases, PHASE_CHECKPOINT);
    if (is_free)
        code = par_tensor_writer_advance(&run->writer.file, &whole, err);
    par_tensor_writer_work_local(&run->writer.file);
    phases_enter(&run->phases, PHASE_OTHER);
    run->pending.waited_s += bl_clock_seconds() - begun;
    return code == BL_OK && whole ? report_checkpoint(run, err) : code;
}

/* Until none is on its way. */
static int settle_checkpoint(struct run *run, struct bl_error *err)
{
    int code = BL_OK;
    while (code == BL_OK && par_tensor_writer_is_pending_local(&run->writer.file))
        code = advance_checkpoint(run, 1, err);
    return code;
}

/* Sends a checkpoint of this moment on its way, when the one before has arrived. */
static int begin_checkpoint(struct run *run, struct bl_error *err)
{
    int code = settle_checkpoint(run, err);
    if (code != BL_OK)
        return code;
    run->last_checkpoint_s = run->pending.begun_s = bl_clock_seconds();
    run->last_checkpoint_step = run->pending.step = run->state.step;
    phases_enter(&run->phases, PHASE_CHECKPOINT);
    par_train_report_flush(&run->report);
    run->state.metrics_bytes = metrics_bytes();
    run->state.log_bytes = bl_log_bytes();
    par_run_folder_checkpoint_local(&run->folder, run->state.step, run->pending.path,
                                    sizeof run->pending.path);
    code = par_run_state_begin(&run->state, &run->writer, run->pending.path, run->config_text, err);
    phases_enter(&run->phases, PHASE_OTHER);
    signals_checkpoint_done();
    run->pending.digest = run->state.digest;
    run->pending.waited_s = bl_clock_seconds() - run->pending.begun_s;
    return code == BL_OK && !run->config->checkpoint.behind ? settle_checkpoint(run, err) : code;
}

static int write_model(struct run *run, struct bl_error *err)
{
    struct bl_model best = run->state.model; /* the same but for its parameters */
    best.params = run->state.best_params;
    bl_row_sample_merge(&best.trained, &run->data.trained);
    phases_enter(&run->phases, PHASE_CHECKPOINT);
    return par_model_write(run->par, run->folder.model, &best, par_checkpoint_tuning_local(run->config), err);
}

static void keep_best(struct run *run, double map)
{
    run->state.best_map = map;
    run->state.best_step = run->state.step;
    run->state.evaluations_since_best = 0;
    par_run_state_keep_best(&run->state);
}

static int can_validate(const struct run *run)
{
    return held_out_is_judged(run->config, run->data.n_validation_global, run->data.labels);
}

static int evaluate(struct run *run, struct bl_error *err)
{
    struct held_out_result result;
    /* It takes long, and what was written so far is to be safe. */
    int code = settle_checkpoint(run, err);
    if (code != BL_OK)
        return code;
    const double begun = bl_clock_seconds();
    phases_enter(&run->phases, PHASE_EVALUATION);
    code = par_held_out_judge(par_as_local(run->par, PAR_TRAFFIC_EVALUATION), &run->data, &run->state.model,
                              &result, err);
    if (code != BL_OK)
        return code;
    run->state.last_evaluated_step = run->state.step;
    const int better = result.map > run->state.best_map;
    if (better)
        keep_best(run, result.map);
    else
        run->state.evaluations_since_best++;
    code = par_agree(
        run->par,
        par_train_report_evaluation_local(&run->report, &result, better, bl_clock_seconds() - begun, err),
        err);
    if (code == BL_OK && better)
        code = write_model(run, err);
    deadline_evaluation(&run->deadline, bl_clock_seconds() - begun);
    return code;
}

/* Whether this step or the next ends an epoch that is evaluated, or the run. */
static int evaluation_is_near(const struct run *run)
{
    const int64_t per_epoch = run->step.batches.steps_per_epoch;
    return can_validate(run) &&
           (run->state.step % per_epoch >= per_epoch - 2 || run->state.step >= run->step.total_steps - 2);
}

/* What this rank asks for in the next step: signals, and on rank 0 the clock. */
static int local_request(struct run *run)
{
    int signal_number;
    enum signals_request request = signals_request(&signal_number);
    if (run->par.rank != 0)
        return (int)request;
    const double now = bl_clock_seconds();
    const double every_s = 60.0 * run->config->checkpoint.every_minutes;
    if (request == SIGNALS_NONE && every_s > 0.0 && now - run->last_checkpoint_s > every_s)
        request = SIGNALS_CHECKPOINT;
    if (request != SIGNALS_STOP && deadline_reached(&run->deadline, now, evaluation_is_near(run)))
        request = SIGNALS_STOP;
    return (int)request;
}

static int should_stop_early(const struct run *run)
{
    return run->config->evaluate.early_stop > 0 && can_validate(run) &&
           run->state.evaluations_since_best >= run->config->evaluate.early_stop;
}

static void judge_objective(struct run *run)
{
    struct par_run_state *state = &run->state;
    const double before = state->last_objective, now = par_train_report_objective_local(&run->report);
    const int settled = fabs(now - before) < run->config->train.settle * fabs(before);
    state->settled_epochs = settled ? state->settled_epochs + 1 : 0;
    state->last_objective = now;
}

static int has_settled(const struct run *run)
{
    return run->config->train.settle > 0.0 && run->state.settled_epochs >= run->config->train.settle_epochs;
}

static int end_of_epoch(struct run *run, struct bl_error *err)
{
    const int64_t epoch = run->state.step / run->step.batches.steps_per_epoch;
    par_train_report_flush(&run->report);
    judge_objective(run);
    int code = par_agree(run->par, par_train_report_epoch_local(&run->report, err), err);
    if (code == BL_OK && can_validate(run) && epoch % run->config->evaluate.every_epochs == 0)
        code = evaluate(run, err);
    return code;
}

/* Before the last checkpoint, so that it holds the outcome. */
static int evaluate_at_end(struct run *run, struct bl_error *err)
{
    const int due = can_validate(run) && run->state.last_evaluated_step != run->state.step;
    return due ? evaluate(run, err) : BL_OK;
}

static int one_step(struct run *run, struct bl_error *err)
{
    struct par_step_outcome outcome;
    struct par_run_state *state = &run->state;
    phases_enter(&run->phases, PHASE_OTHER);
    run->step.local_request = local_request(run);
    run->step.local_busy = par_tensor_writer_is_busy_local(&run->writer.file);
    const double begun = bl_clock_seconds();
    int code = par_step_run(&run->step, &state->model, &state->optimizer, state->step, &outcome, err);
    if (code != BL_OK)
        return code;
    state->step++;
    par_train_report_add_local(&run->report, &outcome, bl_clock_seconds() - begun);
    deadline_step(&run->deadline, bl_clock_seconds() - begun);
    if (par_tensor_writer_is_pending_local(&run->writer.file))
        code = advance_checkpoint(run, outcome.busy == 0, err);
    if (code == BL_OK && state->step % run->config->log.every_steps == 0) {
        par_train_report_flush(&run->report);
        code = par_agree(run->par, par_train_report_step_local(&run->report, &outcome, err), err);
    }
    if (code == BL_OK && state->step % run->step.batches.steps_per_epoch == 0)
        code = end_of_epoch(run, err);
    if (code == BL_OK && state->step == run->step.total_steps)
        code = evaluate_at_end(run, err);
    const int64_t every = run->config->checkpoint.every_steps;
    const int due = outcome.request != SIGNALS_NONE || (every > 0 && state->step % every == 0);
    if (code == BL_OK && due)
        code = begin_checkpoint(run, err);
    if (outcome.request == SIGNALS_STOP)
        run->stop_reason = run->deadline.reached ? "stopped before the time is over" : "stopped on request";
    return code;
}

/* Ending */

static int summarize(struct run *run, struct bl_error *err)
{
    run->phases.behind_s =
        fmax(0.0, worker_busy_s(run->writer.file.worker) - worker_waited_s(run->writer.file.worker));
    return par_summary(&run->step, &run->state.model, run->state.step - run->report.first_step, err);
}

/* A checkpoint on its way is whole work: it arrives also when the run ends with an error, which all ranks
 * have. */
static int settle_at_end(struct run *run, int code, struct bl_error *err)
{
    struct bl_error ignored = {0};
    const int settled = settle_checkpoint(run, code == BL_OK ? err : &ignored);
    return code == BL_OK ? settled : code;
}

static int finish(struct run *run, struct bl_error *err)
{
    const int evaluated = run->state.last_evaluated_step == run->state.step;
    int code = evaluate_at_end(run, err);
    if (!can_validate(run))
        keep_best(run, run->state.best_map);
    const int newer = run->last_checkpoint_step != run->state.step || (can_validate(run) && !evaluated);
    if (code == BL_OK && newer)
        code = begin_checkpoint(run, err);
    if (code == BL_OK)
        code = settle_checkpoint(run, err);
    if (code == BL_OK)
        code = write_model(run, err);
    if (code == BL_OK)
        code = summarize(run, err);
    if (code != BL_OK)
        return code;
    json_t *event = json_object();
    json_object_set_new(event, "event", json_string("end"));
    json_object_set_new(event, "step", json_integer(run->state.step));
    json_object_set_new(event, "train_seconds", json_real(run->state.train_seconds));
    code = par_agree(run->par, metrics_write(event, err), err);
    const uint64_t digest = bl_params_digest(run->state.best_params, run->state.model.layout.n_network);
    if (run->state.best_map >= 0.0)
        bl_log_say("finished: best validation mAP %.4f at step %" PRId64 ", %.1f s in steps",
                   run->state.best_map, run->state.best_step, run->state.train_seconds);
    else
        bl_log_say("finished: %.1f s in steps", run->state.train_seconds);
    bl_log_say("model %s  digest %016" PRIx64 "  (%s)", run->folder.model, digest,
               run->state.model.arithmetic);
    return code;
}

static int is_finished(const struct run *run)
{
    return run->state.step >= run->step.total_steps || should_stop_early(run) || has_settled(run);
}

static int train(struct run *run, struct bl_error *err)
{
    int code = par_run_start(run, err);
    if (code != BL_OK)
        return code;
    if (run->resumed && is_finished(run))
        bl_log_say("the run was finished already; raise %s to go on or start over with --fresh",
                   should_stop_early(run) ? "evaluate.early_stop"
                   : has_settled(run)     ? "train.settle_epochs"
                                          : "train.epochs");
    run->last_checkpoint_step = run->resumed ? run->state.step : -1;
    run->last_checkpoint_s = bl_clock_seconds();
    /* A checkpoint's blocks: the parameters, the best ones, at most two states of the optimiser, and a memory
     * of codes. */
    const int64_t floats =
        4 * run->state.model.layout.n_params + run->step.memory.rows * run->step.memory.bits;
    deadline_init(&run->deadline, run->started_s, run->config->train.max_hours, run->options->job.end_s,
                  floats * (int64_t)sizeof(float));
    phases_begin(&run->phases);
    while (code == BL_OK && !is_finished(run) && !run->stop_reason)
        code = one_step(run, err);
    code = settle_at_end(run, code, err);
    if (code != BL_OK)
        return code;
    if (run->stop_reason && !is_finished(run)) {
        code = summarize(run, err);
        if (code != BL_OK)
            return code;
        bl_log_say("%s at step %" PRId64 " of %" PRId64
                   " with a whole checkpoint; start the same command again to continue",
                   run->stop_reason, run->state.step, run->step.total_steps);
        return bl_fail(err, BL_STOPPED, "%s", run->stop_reason);
    }
    if (should_stop_early(run))
        bl_log_say("stopping early: %s without a better mAP",
                   bl_count(run->state.evaluations_since_best, "evaluation").text);
    else if (has_settled(run))
        bl_log_say("the objective has settled: it changed by less than %g of itself in each of the last %s",
                   run->config->train.settle, bl_count(run->state.settled_epochs, "epoch").text);
    return finish(run, err);
}

int par_train(struct par par, const struct par_train_options *options, struct bl_error *err)
{
    struct run run = {
        .par = par, .options = options, .config = options->config, .started_s = bl_clock_seconds()};
    run.par.traffic = &run.traffic;
    run.folder.lock_fd = -1;
    phases_begin(&run.phases);
    stall_begin(par, 60.0 * options->config->train.stall_minutes);
    int code = train(&run, err);
    stall_end();
    par_checkpoint_writer_free(&run.writer);
    par_train_report_free(&run.report);
    par_run_free_state(&run);
    par_train_data_free(&run.data);
    metrics_close();
    if (code != BL_OK && code != BL_STOPPED)
        bl_log_failure(err);
    bl_log_close();
    par_run_folder_close(&run.folder);
    bl_free(&run.config_text);
    return code;
}

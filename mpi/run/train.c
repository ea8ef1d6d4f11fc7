#include "mpi/run/train.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "mpi/process/detach.h"
#include "mpi/process/signals.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/run/run.h"
#include "mpi/run/run_checkpoint.h"
#include "mpi/run/run_judge.h"
#include "mpi/run/run_start.h"
#include "mpi/run/summary.h"

/* What this rank asks for in the next step: signals, and on rank 0 the clock. */
static int local_request(struct run *run)
{
    int signal_number;
    enum signals_request request = signals_request(&signal_number);
    if (run->par.rank != 0)
        return (int)request;
    const double now = bl_clock_seconds();
    const double every_s = 60.0 * run->config->checkpoint.every_minutes;
    if (request == SIGNALS_NONE && every_s > 0.0 && now - run->checkpoint.begun_s > every_s)
        request = SIGNALS_CHECKPOINT;
    if (request != SIGNALS_STOP && deadline_reached(&run->deadline, now, par_run_judges_soon_local(run)))
        request = SIGNALS_STOP;
    return (int)request;
}

/* The step itself. Requests of ranks travel with its reduction, so all ranks get the same outcome. */
static int step_once(struct run *run, struct par_step_outcome *outcome, struct bl_error *err)
{
    struct par_run_state *state = &run->state;
    phases_enter(&run->phases, PHASE_OTHER);
    run->step.local_request = local_request(run);
    run->step.local_busy = tensor_writer_is_busy(&run->writer.file);
    const double begun = bl_clock_seconds();
    int code = par_step_run(&run->step, &state->model, &state->optimizer, state->progress.step, outcome, err);
    if (code != BL_OK)
        return code;
    const double seconds = bl_clock_seconds() - begun;
    state->progress.step++;
    state->progress.interval_seconds += seconds;
    state->progress.train_seconds += seconds;
    par_loss_sums_add_local(&run->losses, outcome);
    deadline_step(&run->deadline, seconds);
    return BL_OK;
}

static int report_step(struct run *run, const struct par_step_outcome *outcome, struct bl_error *err)
{
    struct run_progress *progress = &run->state.progress;
    if (progress->step % run->config->log.every_steps != 0)
        return BL_OK;
    par_loss_sums_flush(&run->losses, &progress->epoch, &progress->interval);
    return par_agree(run->par, train_report_step(&run->report, outcome, err), err);
}

/* Of a checkpoint that is due. The last one is wanted in any case, whatever the keys say. */
static enum checkpoint_cause cause_of(const struct run *run, const struct par_step_outcome *outcome,
                                      int by_steps)
{
    if (outcome->request == SIGNALS_STOP || par_run_is_finished_local(run))
        return CHECKPOINT_WANTED;
    if (by_steps)
        return CHECKPOINT_BY_STEPS;
    return run->config->checkpoint.every_minutes > 0.0 ? CHECKPOINT_BY_MINUTES : CHECKPOINT_WANTED;
}

static int checkpoint_if_due(struct run *run, const struct par_step_outcome *outcome, struct bl_error *err)
{
    const int64_t every = run->config->checkpoint.every_steps;
    const int by_steps = every > 0 && run->state.progress.step % every == 0;
    if (outcome->request == SIGNALS_NONE && !by_steps)
        return BL_OK;
    return par_run_checkpoint_begin(run, cause_of(run, outcome, by_steps), err);
}

/* A window that was closed takes its messages with it: the log shall say why the run ended. Another rank's signal
 * isn't known here. */
static void say_who_asked(void)
{
    int number;
    signals_request(&number);
    if (number != 0 && signals_name(number))
        bl_log_end("%s arrived%s", signals_name(number),
                   number == SIGHUP    ? ": the terminal or the connection was closed"
                   : number == SIGXCPU ? ": the limit of processor time (ulimit -t) is near"
                                       : "");
}

static int one_step(struct run *run, struct bl_error *err)
{
    struct par_step_outcome outcome;
    int code = step_once(run, &outcome, err);
    if (code != BL_OK)
        return code;
    /* First the pending checkpoint, which is of an earlier step. Then log, evaluate and write a checkpoint, in
     * this order, so that the checkpoint includes the evaluation's result. */
    code = par_run_checkpoint_advance(run, outcome.busy == 0, err);
    if (code == BL_OK)
        code = report_step(run, &outcome, err);
    if (code == BL_OK)
        code = par_run_judge_step(run, err);
    if (code == BL_OK)
        code = checkpoint_if_due(run, &outcome, err);
    if (outcome.request == SIGNALS_STOP && !run->deadline.reached)
        say_who_asked();
    if (outcome.request == SIGNALS_STOP)
        run->stop_reason = run->deadline.reached ? "stopped before the time limit" : "stopped on request";
    return code;
}

/* A pending checkpoint holds a complete state, so it is written even if the run fails; all ranks know of the
 * failure. */
static int settle(struct run *run, int code, struct bl_error *err)
{
    struct bl_error ignored = {0};
    const int settled = par_run_checkpoint_settle(run, code == BL_OK ? err : &ignored);
    return code == BL_OK ? settled : code;
}

static int summarize(struct run *run, struct bl_error *err)
{
    const struct worker *thread = run->writer.file.worker;
    const struct read_ahead *ahead = run->step.batch.ahead;
    const struct par_summary_of of = {.step = par_step_facts_local(&run->step),
                                      .steps = run->state.progress.step - run->report.first_step,
                                      .phases = &run->phases,
                                      .background_s =
                                          fmax(0.0, worker_busy_s(thread) - worker_waited_s(thread)),
                                      .checkpoint_s = run->checkpoint.waited_by_s,
                                      .is_streamed = ahead != NULL,
                                      .waited_s = ahead ? read_ahead_waited(ahead) : 0.0};
    phases_enter(&run->phases, PHASE_OTHER);
    return par_summary(&run->nodes, &of, err);
}

static int end_stopped(struct run *run, struct bl_error *err)
{
    int code = summarize(run, err);
    if (code != BL_OK)
        return code;
    bl_log_end("%s at step %" PRId64 " of %" PRId64
               " with a complete checkpoint; start the same command again to continue",
               run->stop_reason, run->state.progress.step, run->step.total_steps);
    code = par_agree(run->par, train_report_stopped(&run->report, run->stop_reason, err), err);
    return code == BL_OK ? bl_fail(err, BL_STOPPED, "%s", run->stop_reason) : code;
}

static void say_why_finished(const struct run *run)
{
    if (par_run_stops_early_local(run))
        bl_log_say("stopping early: %s without a better mAP",
                   bl_count(run->state.best.evaluations_since, "evaluation").text);
    else if (par_run_has_settled_local(run))
        bl_log_say("the objective has settled: it changed by less than %g of itself in each of the last %s",
                   run->config->train.settle, bl_count(run->state.progress.settled_epochs, "epoch").text);
}

/* Evaluation, checkpoint, model.h5. If an evaluation came after the last checkpoint, another one is written. */
static int save_outcome(struct run *run, struct bl_error *err)
{
    const struct run_progress *progress = &run->state.progress;
    const int evaluates = par_run_is_judged_local(run) && progress->last_evaluated_step != progress->step;
    int code = par_run_judge_end(run, err);
    const int newer = run->checkpoint.step != progress->step || evaluates;
    if (code == BL_OK && newer)
        code = par_run_checkpoint_begin(run, CHECKPOINT_WANTED, err);
    if (code == BL_OK)
        code = par_run_checkpoint_settle(run, err);
    if (code == BL_OK)
        code = par_run_write_model(run, err);
    if (code == BL_OK && run->par.rank == 0)
        code = run_folder_forget_before(&run->folder, err);
    return par_agree(run->par, code, err);
}

static int end_finished(struct run *run, struct bl_error *err)
{
    say_why_finished(run);
    int code = save_outcome(run, err);
    if (code == BL_OK)
        code = summarize(run, err);
    return code == BL_OK ? par_agree(run->par, train_report_end(&run->report, run->folder.model, err), err)
                         : code;
}

static void say_already_finished(const struct run *run)
{
    bl_log_say("the run was finished already; raise %s to go on or start over with --fresh",
               par_run_stops_early_local(run)   ? "evaluate.early_stop"
               : par_run_has_settled_local(run) ? "train.settle_epochs"
                                                : "train.epochs");
}

/* The algorithm: start or continue; steps, between them checkpoints and evaluations; the end. */
static int train(struct run *run, struct bl_error *err)
{
    int code = par_run_start(run, err);
    if (code != BL_OK)
        return code;
    detach_done();
    if (run->resumed && par_run_is_finished_local(run))
        say_already_finished(run);
    while (code == BL_OK && !par_run_is_finished_local(run) && !run->stop_reason)
        code = one_step(run, err);
    code = settle(run, code, err);
    if (code != BL_OK)
        return code;
    return par_run_is_finished_local(run) ? end_finished(run, err) : end_stopped(run, err);
}

int par_train(struct par par, const struct par_train_options *options, struct bl_error *err)
{
    struct run run = {
        .par = par, .options = options, .config = options->config, .started_s = bl_clock_seconds()};
    run.par.traffic = &run.traffic;
    run.folder.lock_fd = -1;
    phases_begin(&run.phases);
    stall_saved(0);
    stall_begin(par, 60.0 * options->config->train.stall_minutes);
    int code = train(&run, err);
    stall_end();
    if (code != BL_OK && code != BL_STOPPED) {
        bl_log_failure(err);
        if (run.begun)
            train_report_failed(&run.report, err);
    }
    par_run_end(&run);
    return code;
}

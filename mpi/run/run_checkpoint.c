#include "mpi/run/run_checkpoint.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "mpi/process/signals.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/run/metrics.h"
#include "mpi/run/saved_state.h"

/* The state's digest is still that of the checkpoint: it changes when the next one begins. */
static int report_whole(struct run *run, struct bl_error *err)
{
    const double seconds = bl_clock_seconds() - run->checkpoint.begun_s;
    const uint64_t digest = run->state.digest;
    deadline_checkpoint(&run->deadline, seconds);
    stall_saved(1);
    run->checkpoint.waited_by_s[run->checkpoint.cause] += run->checkpoint.waited_s;
    bl_log_say("checkpoint %s  digest %016" PRIx64 "  %.2f s, steps waited %.2f s", run->writer.file.path,
               digest, seconds, run->checkpoint.waited_s);
    json_t *event = json_object();
    json_object_set_new(event, "event", json_string("checkpoint"));
    json_object_set_new(event, "step", json_integer(run->checkpoint.step));
    json_object_set_new(event, "digest", json_sprintf("%016" PRIx64, digest));
    json_object_set_new(event, "seconds", json_real(seconds));
    json_object_set_new(event, "waited_seconds", json_real(run->checkpoint.waited_s));
    return par_agree(run->par, metrics_write(event, err), err);
}

int par_run_checkpoint_advance(struct run *run, int is_free, struct bl_error *err)
{
    struct par_tensor_writer *file = &run->writer.file;
    int whole = 0, code = BL_OK;
    if (!tensor_writer_is_pending(file))
        return BL_OK;
    const double begun = bl_clock_seconds();
    phases_enter(&run->phases, PHASE_CHECKPOINT);
    /* A stage ends with an agreement, so it waits until no rank has anything left to write. */
    if (is_free)
        code = par_tensor_writer_advance(file, &whole, err);
    tensor_writer_work(file);
    phases_enter(&run->phases, PHASE_OTHER);
    run->checkpoint.waited_s += bl_clock_seconds() - begun;
    return code == BL_OK && whole ? report_whole(run, err) : code;
}

int par_run_checkpoint_settle(struct run *run, struct bl_error *err)
{
    int code = BL_OK;
    while (code == BL_OK && tensor_writer_is_pending(&run->writer.file))
        code = par_run_checkpoint_advance(run, 1, err);
    return code;
}

int par_run_checkpoint_begin(struct run *run, enum checkpoint_cause cause, struct bl_error *err)
{
    struct par_run_state *state = &run->state;
    char path[PAR_RUN_PATH_MAX];
    int code = par_run_checkpoint_settle(run, err);
    if (code != BL_OK)
        return code;
    run->checkpoint.begun_s = bl_clock_seconds();
    run->checkpoint.step = state->progress.step;
    run->checkpoint.cause = cause;
    phases_enter(&run->phases, PHASE_CHECKPOINT);
    /* Sums that ranks still keep belong to the state. */
    par_loss_sums_flush(&run->losses, &state->progress.epoch, &state->progress.interval);
    state->files = (struct run_lengths){.metrics_bytes = metrics_bytes(), .log_bytes = bl_log_bytes()};
    par_run_folder_checkpoint_local(&run->folder, state->progress.step, path, sizeof path);
    code = par_saved_state_begin(state, &run->writer, path, run->config_text, err);
    phases_enter(&run->phases, PHASE_OTHER);
    signals_checkpoint_done();
    run->checkpoint.waited_s = bl_clock_seconds() - run->checkpoint.begun_s;
    return code == BL_OK && !run->config->checkpoint.behind ? par_run_checkpoint_settle(run, err) : code;
}

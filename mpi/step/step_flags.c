#include "mpi/step/step_flags.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "mpi/process/signals.h"
#include "mpi/ranks/agree.h"
#include "optim/schedule.h"

void par_step_flags_set_local(const struct par_step *step, double *flags)
{
    memset(flags, 0, STEP_FLAGS * sizeof *flags);
    for (int64_t g = 0; g < step->groups.local.n; g++)
        for (int64_t t = 0; t < step->objective.n_terms; t++)
            if (!isfinite(step->group_values[g * BL_TERMS_MAX + t]))
                flags[t] = 1.0;
    flags[STEP_FLAG_CHECKPOINT] = step->local_request == SIGNALS_CHECKPOINT;
    flags[STEP_FLAG_STOP] = step->local_request == SIGNALS_STOP;
    flags[STEP_FLAG_BUSY] = step->local_busy;
    flags[STEP_FLAG_INPUT] = step->batch.code != BL_OK;
}

void par_step_flags_read_local(const double *flags, struct par_step_outcome *outcome)
{
    outcome->request = flags[STEP_FLAG_STOP] > 0.0         ? SIGNALS_STOP
                       : flags[STEP_FLAG_CHECKPOINT] > 0.0 ? SIGNALS_CHECKPOINT
                                                           : SIGNALS_NONE;
    outcome->busy = (int)flags[STEP_FLAG_BUSY];
}

/* All ranks know the flag, so all come to agree on what the rank that raised it says. */
static int check_input(const struct par_step *step, const double *flags, struct bl_error *err)
{
    if (flags[STEP_FLAG_INPUT] == 0.0)
        return BL_OK;
    if (step->batch.code != BL_OK)
        *err = step->batch.error;
    return par_agree(step->par, step->batch.code, err);
}

static const char *likely_cause(const struct par_step *step, int64_t number)
{
    if (number == 0)
        return "the features are probably too large: see data.normalize";
    if (step->config->optimizer.clip_norm > 0.0)
        return "the learning rate is probably too high: lower optimizer.lr";
    return "the learning rate is probably too high: lower optimizer.lr or set optimizer.clip_norm";
}

static int check_values(const struct par_step *step, const double *flags, int64_t number,
                        struct bl_error *err)
{
    const int64_t per_epoch = step->batches.steps_per_epoch;
    for (int64_t t = 0; t < step->objective.n_terms; t++)
        if (flags[t] > 0.0)
            return bl_fail(err, BL_NUMBERS,
                           "step %" PRId64 " (epoch %" PRId64
                           "): the term %s is not finite at learning rate %g; %s; the step was "
                           "not applied",
                           number, number / per_epoch + 1, step->objective.name[t],
                           bl_schedule_rate(&step->config->optimizer, number, step->total_steps, per_epoch),
                           likely_cause(step, number));
    return BL_OK;
}

static int check_gradient(const struct par_step *step, const struct bl_tensor *bad, int64_t number,
                          struct bl_error *err)
{
    if (!bad)
        return BL_OK;
    return bl_fail(err, BL_NUMBERS,
                   "step %" PRId64 " (epoch %" PRId64
                   "): the gradient of %s is not finite; %s; the step was not applied",
                   number, number / step->batches.steps_per_epoch + 1, bad->name, likely_cause(step, number));
}

int par_step_flags_check(const struct par_step *step, const double *flags, const struct bl_tensor *bad,
                         int64_t number, struct bl_error *err)
{
    int code = check_input(step, flags, err);
    if (code == BL_OK)
        code = check_values(step, flags, number, err);
    return code == BL_OK ? check_gradient(step, bad, number, err) : code;
}

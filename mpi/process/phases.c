#include "mpi/process/phases.h"

#include "base/clock.h"
#include "mpi/process/stall.h"

const char *par_phase_name(enum par_phase phase)
{
    static const char *const names[] = {
        [PAR_PHASE_INPUT] = "input",
        [PAR_PHASE_FORWARD] = "forward",
        [PAR_PHASE_GATHER] = "gathering codes",
        [PAR_PHASE_OBJECTIVE] = "terms of the objective",
        [PAR_PHASE_BACKWARD] = "backward",
        [PAR_PHASE_REDUCE] = "reducing the gradient",
        [PAR_PHASE_UPDATE] = "update",
        [PAR_PHASE_EVALUATION] = "evaluation",
        [PAR_PHASE_CHECKPOINT] = "writing a checkpoint",
        [PAR_PHASE_OTHER] = "between steps",
    };
    return names[phase];
}

void par_phases_begin_local(struct par_phases *phases)
{
    *phases = (struct par_phases){.now = PAR_PHASE_OTHER, .since_s = bl_clock_seconds()};
}

void par_phases_enter_local(struct par_phases *phases, enum par_phase phase)
{
    const double now_s = bl_clock_seconds();
    phases->seconds[phases->now] += now_s - phases->since_s;
    phases->now = phase;
    phases->since_s = now_s;
    par_stall_tick_local(par_phase_name(phase));
}

#include "mpi/process/phases.h"

#include "base/clock.h"
#include "mpi/process/stall.h"

const char *phases_name(enum phase phase)
{
    static const char *const names[] = {
        [PHASE_INPUT] = "input",
        [PHASE_FORWARD] = "forward",
        [PHASE_GATHER] = "gathering codes",
        [PHASE_OBJECTIVE] = "terms of the objective",
        [PHASE_BACKWARD] = "backward",
        [PHASE_REDUCE] = "reducing the gradient",
        [PHASE_UPDATE] = "update",
        [PHASE_EVALUATION] = "evaluation",
        [PHASE_CHECKPOINT] = "writing a checkpoint",
        [PHASE_OTHER] = "between steps",
    };
    return names[phase];
}

void phases_begin(struct phases *phases)
{
    *phases = (struct phases){.now = PHASE_OTHER, .since_s = bl_clock_seconds()};
}

void phases_enter(struct phases *phases, enum phase phase)
{
    /* Every moment is counted once: the phases' seconds add up to the time since phases_begin. */
    const double now_s = bl_clock_seconds();
    phases->seconds[phases->now] += now_s - phases->since_s;
    phases->now = phase;
    phases->since_s = now_s;
    stall_tick(phases_name(phase)); /* entering a phase is progress */
}

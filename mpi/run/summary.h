/* The account at the end of a run: time by phase over ranks, rates, bytes, memory, and hints. */
#ifndef PAR_RUN_SUMMARY_H
#define PAR_RUN_SUMMARY_H

#include "mpi/process/phases.h"
#include "mpi/ranks/nodes.h"
#include "mpi/step/step.h"

/* What this rank did. */
struct par_summary_of {
    struct step_facts step;
    int64_t steps;               /* done by this process; the same on all ranks */
    const struct phases *phases; /* borrowed */
    double background_s; /* what another thread wrote of checkpoints while steps went on: in no phase */
    const double *checkpoint_s; /* [2] what steps waited for checkpoints by every_steps, by every_minutes */
    int is_streamed;            /* rows come from the file as they are wanted */
    double waited_s;            /* and steps waited for them */
};

/* Logs the account of all ranks and writes it as the event "summary"; does nothing after no step.
 * Collective; agreed. Errors: BL_PATH. */
int par_summary(const struct par_nodes *nodes, const struct par_summary_of *of, struct bl_error *err);

#endif

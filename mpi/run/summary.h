/* The account at the end of a run: time by phase over ranks, rates, bytes, memory, and hints. */
#ifndef PAR_RUN_SUMMARY_H
#define PAR_RUN_SUMMARY_H

#include "mpi/process/phases.h"
#include "mpi/step/step.h"

/* Logs the account of `steps` steps and writes it as the event "summary". Collective; agreed. Errors:
 * BL_PATH.
 */
int par_summary(struct par_step *step, const struct bl_model *model, int64_t steps, struct bl_error *err);

#endif

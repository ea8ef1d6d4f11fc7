/* What rides along with the gradient: a rank's requests and what went wrong on it, which all ranks so learn
 * without another exchange. And the errors that a step ends with. */
#ifndef PAR_STEP_STEP_FLAGS_H
#define PAR_STEP_STEP_FLAGS_H

#include "mpi/step/step.h"

/* One flag for each term whose value isn't finite, then how many ranks were asked for a checkpoint and to
 * stop, are busy writing one, and couldn't read their rows. */
enum { STEP_FLAG_CHECKPOINT = BL_TERMS_MAX, STEP_FLAG_STOP, STEP_FLAG_BUSY, STEP_FLAG_INPUT, STEP_FLAGS };

/* This rank's, [STEP_FLAGS], after the terms' values are there. Local. */
void par_step_flags_set_local(const struct par_step *step, double *flags);

/* Requests and busy ranks, from flags that are summed over ranks. Local. */
void par_step_flags_read_local(const double *flags, struct par_step_outcome *outcome);

/* Whether the step may update: rows were read, all terms' values are finite, and so is the gradient (bad:
 * its first tensor that isn't, or NULL). flags are summed over ranks, so all ranks come to the same.
 * Collective; agreed. Errors: those of reading; BL_NUMBERS naming step, term or tensor, and the likely
 * cause. */
int par_step_flags_check(const struct par_step *step, const double *flags, const struct bl_tensor *bad,
                         int64_t number, struct bl_error *err);

#endif

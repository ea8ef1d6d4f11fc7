/* What the terms of the objective came to over some steps. A step leaves each group's values on the rank
 * that has the group; they are kept there and summed over ranks only when somebody wants to know, in the
 * order of groups, so that the sums are the same on any number of ranks. */
#ifndef PAR_RUN_LOSS_SUMS_H
#define PAR_RUN_LOSS_SUMS_H

#include "mpi/run/run_state.h"
#include "mpi/step/step.h"

struct par_loss_sums {
    struct par_step *step; /* borrowed: its groups sum */
    double *group_values;  /* [own groups, BL_TERMS_MAX] of the steps since the last flush; owned */
    double parameter_values[BL_TERMS_MAX]; /* of terms of the parameters, the same on all ranks */
    int64_t steps;
};

/* Borrows step. Local. Errors: BL_MEMORY. par_loss_sums_free is local, safe twice and on zeros. */
int par_loss_sums_init_local(struct par_loss_sums *sums, struct par_step *step, struct bl_error *err);
void par_loss_sums_free(struct par_loss_sums *sums);

/* Keeps the values of the step that was just done. Local. */
void par_loss_sums_add_local(struct par_loss_sums *sums, const struct par_step_outcome *outcome);

/* Adds what was kept to both sums, of the epoch and since the last line, and keeps nothing more.
 * Collective. */
void par_loss_sums_flush(struct par_loss_sums *sums, struct term_sums *epoch, struct term_sums *interval);

/* The mean over the steps of the weighted sum of terms. One rank alone; the same on all. */
double term_sums_objective(const struct term_sums *sums, const struct bl_objective *objective);

#endif

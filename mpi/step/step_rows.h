/* The rows of a step's batch: which they are, and how they come from memory or file, normalised, into
 * step->x. */
#ifndef PAR_STEP_STEP_ROWS_H
#define PAR_STEP_STEP_ROWS_H

#include "mpi/step/step.h"

/* Rows of a batch that own shard s brings. Local. */
int64_t par_step_shard_rows_local(const struct par_step *step, int64_t s);

/* Fills rows, x and labels for global step `number`. A rank that can't read its rows sets input_code and
 * input_error, and goes on with any rows. Local. */
void par_step_load_local(struct par_step *step, const struct bl_model *model, int64_t number);

#endif

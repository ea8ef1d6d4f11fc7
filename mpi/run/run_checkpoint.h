/* A run's checkpoints. One is written at a time, in the background while steps go on (checkpoint.behind) or
 * at once; it holds the state between two steps. Protocol: mpi/files/tensor_file_writer.h. */
#ifndef PAR_RUN_RUN_CHECKPOINT_H
#define PAR_RUN_RUN_CHECKPOINT_H

#include "mpi/run/run.h"

/* Begins a checkpoint of the present state, when the one before is whole. Collective; agreed. Errors: those
 * of par_saved_state_begin and of the one before. */
int par_run_checkpoint_begin(struct run *run, enum checkpoint_cause cause, struct bl_error *err);

/* After a step: takes the pending checkpoint, if there is one, a stage further where is_free (the same on
 * all ranks: none of them has anything left to write), and this rank's writing a piece. Collective; agreed.
 * Errors: BL_PATH. */
int par_run_checkpoint_advance(struct run *run, int is_free, struct bl_error *err);

/* Returns when no checkpoint is pending. Collective; agreed. Errors: BL_PATH. */
int par_run_checkpoint_settle(struct run *run, struct bl_error *err);

#endif

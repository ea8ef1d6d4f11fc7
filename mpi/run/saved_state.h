/* A run's state as a checkpoint holds it: one list of numbers, texts and tensors for writing and for
 * reading. */
#ifndef PAR_RUN_SAVED_STATE_H
#define PAR_RUN_SAVED_STATE_H

#include "mpi/run/checkpoint_writer.h"
#include "mpi/run/run_state.h"

/* par_checkpoint_reserve for such a state. Collective; agreed. */
int par_saved_state_reserve(struct par_run_state *state, struct par_checkpoint_writer *writer,
                            struct bl_error *err);

/* Begins to write a checkpoint to path (par_checkpoint_begin). config_text: the effective configuration.
 * Collective; agreed. Errors: BL_PATH; BL_DEFECT when ranks hold other parameters than rank 0: each writes a
 * part, and the file would mix the states of different ranks. */
int par_saved_state_begin(struct par_run_state *state, struct par_checkpoint_writer *writer, const char *path,
                          const char *config_text, struct bl_error *err);

/* Fills an initialised state from a checkpoint whose head was opened by par_checkpoint_open, the ranks of
 * each node together. Collective; agreed. Errors: BL_INPUT when something is missing, has another shape, or
 * the parameters don't have the digest that was stored with them; the state is then in between, and another
 * checkpoint may be tried. */
int par_saved_state_read(struct par_run_state *state, struct par par, const char *path,
                         const struct snapshot *head, struct bl_error *err);

/* Whether a checkpoint holds all that par_saved_state_read wants of it, for the configuration in it. Local,
 * without MPI. Errors: as par_checkpoint_open and par_saved_state_read. */
int par_saved_state_check_local(const char *path, struct bl_error *err);

#endif

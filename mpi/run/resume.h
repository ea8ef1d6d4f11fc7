/* How a run is resumed: from the newest intact checkpoint of this configuration and data. */
#ifndef PAR_RUN_RESUME_H
#define PAR_RUN_RESUME_H

#include "mpi/run/run_folder.h"
#include "mpi/run/run_state.h"

/* Looks through the folder's checkpoints, newest first. Damaged ones are passed over with a warning that
 * names them and, once an intact one is found, renamed to NAME.damaged. Fills *state from the first intact
 * one and sets *found (0: there is none). Collective; agreed. Errors: BL_USAGE when the configuration
 * differs in keys that may not change, or the data are others (the keys and fingerprints are named);
 * BL_INPUT when checkpoints exist and all are damaged, or the newest intact one is of a later version;
 * BL_PATH. */
int par_resume(struct par_run_state *state, struct par par, const struct par_run_folder *folder,
               const struct bl_config *config, int *found, struct bl_error *err);

/* The BL_INPUT of a folder whose n checkpoints are all damaged. Local. */
int par_fail_all_damaged_local(const char *folder, int64_t n, struct bl_error *err);

#endif

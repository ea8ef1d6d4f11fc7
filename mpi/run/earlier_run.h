/* What a run folder holds of an earlier run, and whether a new run may begin there: without being asked to,
 * nothing goes that took training to make. Everything here is local, for rank 0. */
#ifndef PAR_RUN_EARLIER_RUN_H
#define PAR_RUN_EARLIER_RUN_H

#include "mpi/run/run_folder.h"

/* Reads how far it came. Errors: BL_PATH. */
int earlier_run_find(const struct par_run_folder *folder, enum earlier_run *found, struct bl_error *err);

/* Whether a start may begin, where the folder has no checkpoint to continue from or it is `fresh`; *found as
 * above. Errors: BL_USAGE the folder holds the result of a finished run, a model that this configuration
 * would not make again, or metrics of another program; BL_PATH. */
int earlier_run_check(const struct par_run_folder *folder, const struct bl_config *config, int fresh,
                      enum earlier_run *found, struct bl_error *err);

#endif

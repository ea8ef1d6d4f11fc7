/* From a run's options to its first step. */
#ifndef PAR_RUN_RUN_START_H
#define PAR_RUN_RUN_START_H

#include "mpi/run/run.h"

/* Folder, data, state and step, a checkpoint or first parameters, files. Collective; agreed. Errors: those
 * of all of these; par_run_end frees what there is in any case. */
int par_run_start(struct run *run, struct bl_error *err);

/* Frees and closes all that the run owns, after par_run_start or before. Collective. */
void par_run_end(struct run *run);

#endif

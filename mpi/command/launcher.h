/* What Slurm tells a process through its environment. */
#ifndef PAR_COMMAND_LAUNCHER_H
#define PAR_COMMAND_LAUNCHER_H

#include "base/error.h"
#include "mpi/run/job.h"

/* The job that this process runs in; zero outside of one. Local. */
void command_read_job(struct job *job);

/* BL_USAGE if srun started several tasks and MPI joined only `ranks` = 1 of them: each would believe to be
 * the whole program. Call it with 1 before MPI starts when nothing announces a launcher, as MPI may end the
 * process. Local; every task finds the same. */
int command_check_launch(int ranks, struct bl_error *err);

/* Whether this task is the one that speaks when tasks don't know each other. Local. */
int command_is_first_task(void);

#endif

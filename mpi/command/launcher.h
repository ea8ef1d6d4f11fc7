/* What Slurm tells a process through its environment. Everything here is local. */
#ifndef PAR_COMMAND_LAUNCHER_H
#define PAR_COMMAND_LAUNCHER_H

#include "base/error.h"
#include "mpi/run/job.h"

/* Fills *job with the Slurm job that this process belongs to, or zeros outside of one. */
void command_read_job(struct job *job);

/* BL_USAGE if srun started several tasks but MPI has only `ranks` = 1: the tasks weren't connected, and
 * each would do all the work. Without signs of a launcher call it with 1 before MPI_Init, which might end
 * the process. Every task gets the same result. */
int command_check_launch(int ranks, struct bl_error *err);

/* 1 on the one task that prints messages if the tasks aren't connected. */
int command_is_first_task(void);

#endif

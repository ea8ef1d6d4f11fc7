/* Who started this process, by the variables that launchers set, and what Slurm tells it. Everything here is
 * local. */
#ifndef PAR_COMMAND_LAUNCHER_H
#define PAR_COMMAND_LAUNCHER_H

#include "base/error.h"
#include "mpi/run/job.h"

/* Fills *job with the Slurm job that this process belongs to, or zeros outside of one. */
void command_read_job(struct job *job);

/* 1 if a launcher started this process together with others, or doesn't say how many it started: then MPI
 * connects them. 0 for a lone process, which needs no MPI: one started by hand, also in a shell inside a
 * Slurm step, or the only one of its launcher. */
int command_is_one_of_several(void);

/* BL_USAGE if a launcher started several processes but MPI has only `ranks` = 1 of them: they weren't
 * connected, and each would do all the work. Where command_is_one_of_several is 0 call it with 1. Every
 * process gets the same result. */
int command_check_launch(int ranks, struct bl_error *err);

/* This process's number among those of its launcher; 0 for a lone one. For what is said before MPI has
 * started, or without it. */
int64_t command_launched_rank(void);

/* 1 if a person reads standard error on a terminal, also through a launcher on this host. */
int command_stderr_is_terminal(void);

#endif

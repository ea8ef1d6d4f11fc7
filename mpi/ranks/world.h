/* All ranks that the launcher started. */
#ifndef PAR_RANKS_WORLD_H
#define PAR_RANKS_WORLD_H

#include "mpi/ranks/comm.h"

/* MPI_Init. If it fails, what MPI says is followed by a line of ours and the process ends with BL_LAUNCH;
 * `rank`, as the launcher counts, decides who says it. Collective over the processes of the launcher.
 *
 * Before it, Open MPI's shared file pointers (sharedfp/sm) are turned off, which bitloom doesn't use: to open
 * a file they take a semaphore in /dev/shm that is named after the file. A rank killed while it holds the
 * semaphore leaves it locked, and the next process on that host that opens a file of this name, such as the
 * same run at the same step, waits for ever. A value already set in the environment stays. */
void par_start_mpi(int *argc, char ***argv, int64_t rank);

/* The ranks of MPI_COMM_WORLD, renumbered if needed so that those of a host are consecutive; rank 0 stays
 * rank 0. Collective, between MPI_Init and MPI_Finalize; so is par_leave_world, which frees the
 * communicator. */
struct par par_world(void);
void par_leave_world(struct par *world);

#endif

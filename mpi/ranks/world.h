/* All ranks of the launcher. */
#ifndef PAR_RANKS_WORLD_H
#define PAR_RANKS_WORLD_H

#include "mpi/ranks/comm.h"

/* Before MPI_Init: asks Open MPI to leave out what bitloom has no use for and a kill would leave behind.
 * Opening a file takes a semaphore that all processes of a host share by the file's name, for pointers that
 * ranks share (sharedfp/sm); a rank that is killed while it has it leaves it taken in /dev/shm, and whoever
 * opens a file of that name later, the same run at the same step, would wait for ever. What is set in the
 * environment already stays. Local. */
void par_prepare_mpi_local(void);

/* The world, numbered so that the ranks of a host are neighbours: as the launcher numbered them if they are,
 * and rank 0 is the launcher's in any case. Collective. MPI must have been initialised. par_leave_world
 * before it is finalised. */
struct par par_world(void);
void par_leave_world(struct par *world);

#endif

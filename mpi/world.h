/* All ranks of the launcher. */
#ifndef PAR_WORLD_H
#define PAR_WORLD_H

#include "mpi/comm.h"

/* The world, numbered so that the ranks of a host are neighbours: as the launcher numbered them if they are,
 * and rank 0 is the launcher's in any case. Collective. MPI must have been initialised. par_leave_world
 * before it is finalised. */
struct par par_world(void);
void par_leave_world(struct par *world);

#endif

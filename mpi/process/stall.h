/* The stall guard: a thread in each rank that turns a hang into one message and exit status 6. */
#ifndef PAR_PROCESS_STALL_H
#define PAR_PROCESS_STALL_H

#include "mpi/ranks/comm.h"

/* Starts watching: if this rank doesn't call par_stall_tick for `seconds`, the job ends with BL_STALLED and a
 * line that names the phase and the rank. 0 watches nothing. One guard a process; beginning again only
 * changes the limit. Local. */
void stall_begin(struct par par, double seconds);

/* Says that this rank is alive, and what it does now; phase must be a literal (it is kept). Cheap. Local. */
void stall_tick(const char *phase);

/* Stops watching. Local. */
void stall_end(void);

#endif

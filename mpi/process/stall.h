/* The stall guard: a thread in each rank that ends a hanging job with one message and exit status 6. */
#ifndef PAR_PROCESS_STALL_H
#define PAR_PROCESS_STALL_H

#include "mpi/ranks/comm.h"

/* Starts the guard: if this rank doesn't call stall_tick for `seconds`, the job ends with BL_STALLED and a
 * message that names the phase and the rank. 0: no limit. There is one guard in a process; calling this
 * again only changes the limit. Borrows par's communicator until stall_end. If its thread can't be started
 * it watches nothing. Local. */
void stall_begin(struct par par, double seconds);

/* Reports that this rank makes progress, and in which phase: a string literal, since the pointer is kept.
 * Cheap; any thread may call it. Local. */
void stall_tick(const char *phase);

/* Whether there is a checkpoint to continue from, for the message: 0 until told otherwise.
 * Any thread may call it. Local. */
void stall_saved(int is_saved);

/* Stops the guard and waits for its thread. Local. */
void stall_end(void);

#endif

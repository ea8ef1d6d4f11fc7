/* One outcome on all ranks: a failure anywhere becomes the same failure everywhere. */
#ifndef PAR_RANKS_AGREE_H
#define PAR_RANKS_AGREE_H

#include "mpi/ranks/comm.h"

/* Each rank passes its own code and err. Returns BL_OK on all ranks if every code was BL_OK; otherwise the
 * code of the lowest rank that failed, with that rank's message and number copied into err. Collective.
 * Call it after every operation that may fail on one rank alone, and before the next collective call: a rank
 * that left early would keep the others waiting. */
int par_agree(struct par par, int code, struct bl_error *err);

/* Prints err's message on this rank and ends the whole job with err->code by MPI_Abort. For a failure that
 * this rank can't take to par_agree. Never returns. Local. */
void par_abort_local(struct par par, const struct bl_error *err) __attribute__((noreturn));

#endif

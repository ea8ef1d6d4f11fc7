/* One outcome on all ranks: a failure anywhere becomes the same failure everywhere. */
#ifndef PAR_RANKS_AGREE_H
#define PAR_RANKS_AGREE_H

#include "mpi/ranks/comm.h"

/* Every rank brings its own code and err. Returns BL_OK if all brought BL_OK; otherwise the code of the
 * lowest rank that failed, with its message and rank copied into err everywhere. Collective. Call it before
 * and after every operation that one rank alone may fail, and before any collective library call. */
int par_agree(struct par par, int code, struct bl_error *err);

/* Ends the whole job with `code`: prints err's line on this rank and calls MPI_Abort. For a rank that cannot
 * reach an agreement. Never returns. Local. */
void par_abort_local(struct par par, const struct bl_error *err) __attribute__((noreturn));

#endif

#include "mpi/ranks/agree.h"

#include <stdio.h>
#include <stdlib.h>

#include "mpi/ranks/collective.h"

int par_agree(struct par par, int code, struct bl_error *err)
{
    if (code != BL_OK)
        err->rank = par.rank;
    if (par.size == 1)
        return code;
    /* first = min over ranks of (failed ? rank : size): the lowest rank that failed, or size if none did. */
    int first = code == BL_OK ? par.size : par.rank;
    par_allreduce(par, &first, 1, MPI_INT, MPI_MIN);
    if (first == par.size)
        return BL_OK;
    /* All ranks now report that rank's error, so they print one message and end with one status. */
    if (par.rank == first)
        err->code = code;
    par_broadcast_from(par, first, err, sizeof *err);
    return err->code;
}

void par_abort_local(struct par par, const struct bl_error *err)
{
    fprintf(stderr, "bitloom: error: %s\n", err->what);
    fflush(stderr);
    if (par.comm != MPI_COMM_NULL)
        MPI_Abort(par.comm, err->code);
    exit(err->code);
}

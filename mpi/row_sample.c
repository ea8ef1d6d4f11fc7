#include "mpi/row_sample.h"

#include "base/buffer.h"
#include "mpi/agree.h"

int par_row_sample_merge(struct par par, struct bl_row_sample *sample, struct bl_error *err)
{
    struct bl_row_sample *all = NULL;
    if (par.size == 1)
        return BL_OK;
    int code = par_agree(par, bl_alloc(&all, par.size, sizeof *all, "samples of rows", err), err);
    if (code == BL_OK) {
        MPI_Allgather(sample, sizeof *sample, MPI_BYTE, all, sizeof *sample, MPI_BYTE, par.comm);
        *sample = (struct bl_row_sample){0};
        for (int r = 0; r < par.size; r++)
            bl_row_sample_merge(sample, &all[r]);
    }
    bl_free(&all);
    return code;
}

void par_row_tally_merge(struct par par, struct bl_row_tally *tally)
{
    if (par.size > 1)
        MPI_Allreduce(MPI_IN_PLACE, tally->found, BL_ROW_SAMPLE_MAX, MPI_INT32_T, MPI_MAX, par.comm);
}

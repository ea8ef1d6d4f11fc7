#include "mpi/rows/row_sample.h"

#include "base/buffer.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

int par_row_sample_merge(struct par par, struct bl_row_sample *sample, struct bl_error *err)
{
    struct bl_row_sample *all = NULL;
    struct par_blocks blocks = {0};
    if (par.size == 1)
        return BL_OK;
    int code = bl_alloc(&all, par.size, sizeof *all, "samples of rows", err);
    if (code == BL_OK)
        code = blocks_init(&blocks, par.size, err);
    code = par_agree(par, code, err);
    if (code == BL_OK) {
        par_blocks_gather(&blocks, par, 1);
        all[par.rank] = *sample;
        par_allgather(par, &blocks, all, sizeof *all);
        /* Merging keeps the smallest hashes, so the order and number of ranks don't matter. */
        *sample = (struct bl_row_sample){0};
        for (int r = 0; r < par.size; r++)
            bl_row_sample_merge(sample, &all[r]);
    }
    blocks_free(&blocks);
    bl_free(&all);
    return code;
}

void par_row_tally_merge(struct par par, struct bl_row_tally *tally)
{
    par_allreduce(par, tally->found, BL_ROW_SAMPLE_MAX, MPI_INT32_T, MPI_MAX); /* found = any rank's */
}

#include "mpi/gather.h"

#include <limits.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/agree.h"

/* Counts and starts of all ranks' rows. */
static int exchange_counts(struct par_gather *gather, struct par par, int64_t n_local, struct bl_error *err)
{
    int mine = n_local <= INT_MAX ? (int)n_local : INT_MAX;
    if (par.size > 1)
        MPI_Allgather(&mine, 1, MPI_INT, gather->counts, 1, MPI_INT, par.comm);
    else
        gather->counts[0] = mine;
    int64_t total = 0;
    for (int r = 0; r < par.size; r++) {
        gather->starts[r] = (int)(total <= INT_MAX ? total : INT_MAX);
        total += gather->counts[r];
    }
    if (total > INT_MAX)
        return bl_fail(err, BL_USAGE,
                       "a global batch of more than 2147483647 rows; make train.global_batch smaller");
    gather->n_local = n_local;
    gather->first = gather->starts[par.rank];
    gather->n_global = total;
    return BL_OK;
}

int par_gather_init(struct par_gather *gather, struct par par, int64_t n_local, int64_t bits,
                    int64_t label_words, struct bl_error *err)
{
    *gather = (struct par_gather){.bits = bits, .label_words = label_words, .stride = bits + label_words};
    gather->row_type = MPI_DATATYPE_NULL;
    int code = bl_alloc(&gather->counts, par.size, sizeof(int), "gather counts", err);
    if (code == BL_OK)
        code = bl_alloc(&gather->starts, par.size, sizeof(int), "gather starts", err);
    code = par_agree(par, code, err);
    if (code == BL_OK)
        code = exchange_counts(gather, par, n_local, err);
    if (code == BL_OK)
        code = bl_alloc(&gather->rows, gather->n_global * gather->stride, sizeof(float),
                        "codes of the global batch", err);
    if (code == BL_OK)
        code = bl_alloc(&gather->labels, gather->n_global * label_words, sizeof(uint32_t),
                        "labels of the global batch", err);
    code = par_agree(par, code, err);
    if (code != BL_OK) {
        par_gather_free(gather);
        return code;
    }
    /* A row is one element, so that counts stay small. INT32, not FLOAT: labels are not numbers to convert.
     */
    if (par.size > 1) {
        MPI_Type_contiguous((int)gather->stride, MPI_INT32_T, &gather->row_type);
        MPI_Type_commit(&gather->row_type);
    }
    return BL_OK;
}

void par_gather_free(struct par_gather *gather)
{
    bl_free(&gather->counts);
    bl_free(&gather->starts);
    bl_free(&gather->rows);
    bl_free(&gather->labels);
    if (gather->row_type != MPI_DATATYPE_NULL && gather->stride > 0)
        MPI_Type_free(&gather->row_type);
    gather->stride = 0;
}

void par_gather_own_local(struct par_gather *gather, const uint32_t *labels)
{
    if (gather->label_words > 0)
        memcpy(gather->labels + gather->first * gather->label_words, labels,
               (size_t)(gather->n_local * gather->label_words) * sizeof *labels);
}

void par_gather_run(struct par_gather *gather, struct par par, const uint32_t *labels)
{
    const size_t label_bytes = (size_t)gather->label_words * sizeof(uint32_t);
    for (int64_t i = 0; i < gather->n_local && label_bytes > 0; i++)
        memcpy(gather->rows + (gather->first + i) * gather->stride + gather->bits,
               labels + i * gather->label_words, label_bytes);
    if (par.size > 1)
        MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, gather->rows, gather->counts, gather->starts,
                       gather->row_type, par.comm);
    for (int64_t i = 0; i < gather->n_global && label_bytes > 0; i++)
        memcpy(gather->labels + i * gather->label_words, gather->rows + i * gather->stride + gather->bits,
               label_bytes);
}

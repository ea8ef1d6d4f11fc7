#include "mpi/gather.h"

#include <string.h>

#include "base/buffer.h"
#include "mpi/agree.h"

int par_gather_init(struct par_gather *gather, struct par par, int64_t n_local, int64_t bits,
                    int64_t label_words, struct bl_error *err)
{
    *gather = (struct par_gather){
        .bits = bits, .label_words = label_words, .stride = bits + label_words, .n_local = n_local};
    int code = par_agree(par, par_blocks_init(&gather->rank_rows, par.size, err), err);
    if (code != BL_OK)
        return code;
    par_blocks_gather(&gather->rank_rows, par, n_local);
    gather->first = gather->rank_rows.begin[par.rank];
    gather->n_global = gather->rank_rows.begin[par.size];
    code = bl_alloc(&gather->rows, gather->n_global * gather->stride, sizeof(float),
                    "codes of the global batch", err);
    if (code == BL_OK)
        code = bl_alloc(&gather->labels, gather->n_global * label_words, sizeof(uint32_t),
                        "labels of the global batch", err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_gather_free(gather);
    return code;
}

void par_gather_free(struct par_gather *gather)
{
    par_blocks_free(&gather->rank_rows);
    bl_free(&gather->rows);
    bl_free(&gather->labels);
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
    par_allgather(par_as_local(par, PAR_TRAFFIC_CODES), &gather->rank_rows, gather->rows,
                  gather->stride * (int64_t)sizeof *gather->rows);
    for (int64_t i = 0; i < gather->n_global && label_bytes > 0; i++)
        memcpy(gather->labels + i * gather->label_words, gather->rows + i * gather->stride + gather->bits,
               label_bytes);
}

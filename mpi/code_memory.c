#include "mpi/code_memory.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "loss/objective.h"
#include "mpi/agree.h"

static int64_t own_training_rows(const struct par_train_data *data)
{
    int64_t n = 0;
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo; s++)
        n += data->shard[s].n_train;
    return n;
}

/* Shards and their training rows ascend in the file, and so do ranks: own rows are one piece of the memory.
 */
static void place_rows(struct par_code_memory *memory, const struct par_train_data *data, int64_t first,
                       uint32_t *own_labels)
{
    const int64_t words = data->labels.words;
    int64_t n = 0;
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo; s++)
        for (int64_t i = 0; i < data->shard[s].n_train; i++, n++) {
            const int64_t row = data->shard[s].train[i];
            memory->place[row - memory->row_lo] = (uint32_t)(first + n);
            if (words > 0)
                memcpy(own_labels + n * words, par_train_data_labels(data, row),
                       (size_t)words * sizeof *own_labels);
        }
}

/* All labels, once: an exchange of rows without codes. */
static int gather_labels(struct par_code_memory *memory, struct par par, const struct par_train_data *data,
                         struct bl_error *err)
{
    const int64_t n = own_training_rows(data);
    struct par_gather gather = {0};
    uint32_t *own = NULL;
    int code = par_gather_init(&gather, par, n, 0, data->labels.words, 0, 0, err);
    if (code != BL_OK)
        return code;
    code = par_agree(par, bl_alloc(&own, n * data->labels.words, sizeof *own, "labels of training rows", err),
                     err);
    if (code == BL_OK) {
        place_rows(memory, data, gather.first, own);
        par_gather_run(&gather, own);
        memory->labels = gather.labels;
        gather.labels = NULL;
    }
    bl_free(&own);
    par_gather_free(&gather);
    return code;
}

int par_code_memory_init(struct par_code_memory *memory, struct par par,
                         const struct bl_config_objective *config, const struct par_train_data *data,
                         int64_t bits, struct bl_error *err)
{
    *memory = (struct par_code_memory){.bits = bits, .row_lo = data->row_lo};
    if (!bl_objective_wants_memory(config) || data->labels.words == 0)
        return BL_OK; /* the objective will say that it needs labels */
    if (data->n_train_global > INT32_MAX)
        return bl_fail(err, BL_USAGE,
                       "%" PRId64 " training rows are more than a memory of codes can count; set "
                       "objective.terms.pairwise.against to batch",
                       data->n_train_global);
    memory->rows = data->n_train_global;
    int code =
        bl_alloc_zero(&memory->codes, memory->rows * bits, sizeof(float), "codes of all training rows", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&memory->place, data->row_hi - data->row_lo, sizeof(uint32_t),
                             "places of training rows", err);
    code = par_agree(par, code, err);
    if (code == BL_OK)
        code = gather_labels(memory, par, data, err);
    if (code != BL_OK)
        par_code_memory_free(memory);
    return code;
}

void par_code_memory_free(struct par_code_memory *memory)
{
    bl_free(&memory->codes);
    bl_free(&memory->labels);
    bl_free(&memory->place);
    memory->rows = 0;
}

void par_code_memory_places_local(const struct par_code_memory *memory, const int64_t *rows, int64_t n,
                                  struct par_gather *gather)
{
    for (int64_t i = 0; i < n && memory->rows > 0; i++)
        gather->places[gather->first + i] = memory->place[rows[i] - memory->row_lo];
}

void par_code_memory_take_local(struct par_code_memory *memory, const struct par_gather *gather)
{
    for (int64_t i = 0; i < gather->n_global && memory->rows > 0; i++)
        memcpy(memory->codes + (int64_t)gather->places[i] * memory->bits, gather->rows + i * gather->stride,
               (size_t)memory->bits * sizeof *memory->codes);
}

struct bl_columns par_code_memory_columns_local(const struct par_code_memory *memory,
                                                const struct par_gather *gather)
{
    return (struct bl_columns){.n = memory->rows,
                               .codes = memory->codes,
                               .stride = memory->bits,
                               .labels = memory->labels,
                               .place = gather->places};
}

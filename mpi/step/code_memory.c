#include "mpi/step/code_memory.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "loss/objective.h"
#include "mpi/ranks/agree.h"

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
                memcpy(own_labels + n * words, train_data_labels(data, row),
                       (size_t)words * sizeof *own_labels);
        }
}

/* Labels of all training rows, once: they don't change. */
static int gather_labels(struct par_code_memory *memory, const struct par_nodes *nodes,
                         const struct par_train_data *data, struct bl_error *err)
{
    const struct par par = nodes->all;
    const int64_t words = data->labels.words;
    struct par_blocks rows = {0};
    struct par_spread spread = {0};
    int code = par_agree(par, blocks_init(&rows, par.size, err), err);
    if (code == BL_OK) {
        par_blocks_gather(&rows, par, own_training_rows(data));
        code = par_agree(par, par_spread_init_local(&spread, nodes, rows.begin, err), err);
    }
    if (code == BL_OK) {
        place_rows(memory, data, rows.begin[par.rank], memory->labels + rows.begin[par.rank] * words);
        par_nodes_meet(nodes); /* a lane sends rows of all ranks of its node */
        par_spread_run(&spread, PAR_TRAFFIC_OTHER, memory->labels, words * (int64_t)sizeof *memory->labels);
        par_nodes_meet(nodes);
    }
    par_spread_free(&spread);
    blocks_free(&rows);
    return code;
}

static int64_t code_bytes(int64_t rows, int64_t bits)
{
    return par_window_align_local(rows * bits * (int64_t)sizeof(float));
}

int64_t par_code_memory_bytes_local(int64_t rows, int64_t bits, int64_t label_words)
{
    return code_bytes(rows, bits) + rows * label_words * (int64_t)sizeof(uint32_t);
}

int par_code_memory_init(struct par_code_memory *memory, const struct par_nodes *nodes,
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
    int code = bl_alloc_zero(&memory->place, data->row_hi - data->row_lo, sizeof(uint32_t),
                             "places of training rows", err);
    code = par_agree(nodes->all, code, err);
    if (code == BL_OK)
        code = par_window_init(&memory->window, nodes,
                               par_code_memory_bytes_local(memory->rows, bits, data->labels.words), 0,
                               "codes of all training rows", err);
    if (code == BL_OK) {
        memory->codes = memory->window.at;
        memory->labels = (uint32_t *)((char *)memory->window.at + code_bytes(memory->rows, bits));
        code = gather_labels(memory, nodes, data, err);
    }
    if (code != BL_OK)
        par_code_memory_free(memory);
    return code;
}

void par_code_memory_free(struct par_code_memory *memory)
{
    par_window_free(&memory->window);
    bl_free(&memory->place);
    memory->codes = NULL;
    memory->labels = NULL;
    memory->rows = 0;
}

void par_code_memory_places_local(const struct par_code_memory *memory, const int64_t *rows, int64_t n,
                                  struct par_gather *gather)
{
    for (int64_t i = 0; i < n && memory->rows > 0; i++)
        gather->places[gather->first + i] = memory->place[rows[i] - memory->row_lo];
}

static void take_rows(struct par_code_memory *memory, const struct par_gather *gather, int64_t lo, int64_t hi)
{
    for (int64_t i = lo; i < hi; i++)
        memcpy(memory->codes + (int64_t)gather->places[i] * memory->bits, gather->rows + i * gather->stride,
               (size_t)memory->bits * sizeof *memory->codes);
}

void par_code_memory_take_local(struct par_code_memory *memory, const struct par_gather *gather)
{
    if (memory->rows == 0)
        return;
    take_rows(memory, gather, gather->first, gather->first + gather->n_local);
    for (int k = 0; k < gather->nodes->n_nodes; k++) {
        int64_t lo, hi;
        par_spread_rows_local(&gather->spread, k, &lo, &hi);
        take_rows(memory, gather, lo, hi);
    }
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

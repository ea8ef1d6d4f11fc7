#include "mpi/evaluate/held_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "hash/code.h"
#include "mpi/evaluate/code_set.h"
#include "mpi/evaluate/retrieve.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"

/* Rows encoded at a time: enough for the matrix products, little memory. */
enum { BLOCK_ROWS = 1024 };

int held_out_is_judged(const struct bl_config *config, int64_t n_validation, struct bl_label_layout labels)
{
    return config->evaluate.every_epochs > 0 && n_validation > 0 && labels.kind != BL_LABELS_NONE;
}

int held_out_check_early_stop(const struct bl_config *config, int64_t n_validation,
                              struct bl_label_layout labels, struct bl_error *err)
{
    if (config->evaluate.early_stop == 0 || held_out_is_judged(config, n_validation, labels))
        return BL_OK;
    if (labels.kind == BL_LABELS_NONE)
        return bl_fail(
            err, BL_USAGE,
            "evaluate.early_stop needs evaluations and the train split has no labels and no groups; import "
            "either, or set evaluate.early_stop to 0");
    return bl_fail(
        err, BL_USAGE,
        "evaluate.early_stop needs evaluations and no row is held out; raise data.validation, or set "
        "evaluate.early_stop to 0");
}

void held_out_protocol(const struct par_train_data *data, const struct bl_config *config, int from_model,
                       char text[PAR_VALIDATION_PROTOCOL])
{
    snprintf(
        text, PAR_VALIDATION_PROTOCOL,
        "queries: %" PRId64 " rows held out of split %s (data.validation %g, seed %" PRId64
        "); database: its %" PRId64
        " other rows; training rows in the database: yes, all of it; training rows among the queries: %s; "
        "relevant: %s; map: AP over the whole ranking; ties: exact expectation over all orders; a query "
        "without a relevant item counts 0",
        data->n_validation_global, config->data.train, config->data.validation, config->data.validation_seed,
        data->n_train_global, from_model ? "unknown, the run began from a model" : "no",
        bl_label_relevance(data->labels.kind));
}

/* A set of codes as it grows. */
struct growing {
    struct par_code_set *set;
    int64_t n;
};

/* A row of the next block to be encoded, and where its code goes. */
struct waiting {
    int64_t row;
    struct growing *to;
};

struct encode_scratch {
    const struct par_train_data *data;
    struct bl_encoder encoder;
    int64_t n;               /* rows that wait */
    struct waiting *waiting; /* [BLOCK_ROWS] */
    char *rows;              /* [BLOCK_ROWS, dim] of the data's type */
    uint8_t *codes;          /* [BLOCK_ROWS, code bytes] */
};

static int scratch_init(struct encode_scratch *scratch, const struct par_train_data *data,
                        const struct bl_model *model, struct bl_error *err)
{
    *scratch = (struct encode_scratch){.data = data};
    int code = bl_encoder_init(&scratch->encoder, model, BLOCK_ROWS, err);
    if (code == BL_OK)
        code = bl_alloc(&scratch->waiting, BLOCK_ROWS, sizeof *scratch->waiting, "a block of rows", err);
    if (code == BL_OK)
        code = bl_alloc(&scratch->rows, BLOCK_ROWS * data->dim, bl_type_bytes(data->type), "a block of rows",
                        err);
    if (code == BL_OK)
        code = bl_alloc(&scratch->codes, BLOCK_ROWS * bl_code_bytes(bl_shape_code_bits(&model->shape)), 1,
                        "a block of codes", err);
    return code;
}

static void scratch_free(struct encode_scratch *scratch)
{
    bl_encoder_free(&scratch->encoder);
    bl_free(&scratch->waiting);
    bl_free(&scratch->rows);
    bl_free(&scratch->codes);
}

/* Encodes the block; codes and labels go to their sets. */
static int encode_waiting(struct encode_scratch *scratch, struct bl_error *err)
{
    const struct par_train_data *data = scratch->data;
    const int64_t words = data->labels.words;
    int64_t bad_row;
    stall_tick("evaluation");
    int code = bl_encoder_run(&scratch->encoder, data->type, scratch->rows, scratch->n, scratch->codes,
                              &bad_row, err);
    if (code != BL_OK)
        return bl_fail(err, code,
                       "evaluation: the network's outputs for row %" PRId64
                       " of the train split are not finite; lower optimizer.lr",
                       scratch->waiting[bad_row].row);
    for (int64_t i = 0; i < scratch->n; i++) {
        struct growing *to = scratch->waiting[i].to;
        const int64_t bits = to->set->set.bits;
        bl_code_to_words(scratch->codes + i * bl_code_bytes(bits), 1, bits,
                         to->set->words + to->n * bl_code_words(bits));
        if (words > 0)
            memcpy(to->set->labels + to->n * words, train_data_labels(data, scratch->waiting[i].row),
                   (size_t)words * sizeof(uint32_t));
        to->n++;
    }
    scratch->n = 0;
    return BL_OK;
}

/* The last block, unless an error came before it. */
static int encode_rest(struct encode_scratch *scratch, int code, struct bl_error *err)
{
    if (code == BL_OK && scratch->n > 0)
        code = encode_waiting(scratch, err);
    scratch_free(scratch);
    return code;
}

/* A shard's rows in the order of the file, held out or not, so that a block of streamed rows is read once. */
static int encode_shard(struct encode_scratch *scratch, const struct bl_shard *shard, struct growing *queries,
                        struct growing *database, struct bl_error *err)
{
    const struct par_train_data *data = scratch->data;
    const int64_t row_bytes = data->dim * (int64_t)bl_type_bytes(data->type);
    int64_t v = 0, t = 0;
    while (v < shard->n_validation || t < shard->n_train) {
        const int held_out =
            t == shard->n_train || (v < shard->n_validation && shard->validation[v] < shard->train[t]);
        const int64_t row = held_out ? shard->validation[v++] : shard->train[t++];
        const void *features;
        int code = par_train_data_row_local(data, row, &features, err);
        if (code != BL_OK)
            return code;
        memcpy(scratch->rows + scratch->n * row_bytes, features, (size_t)row_bytes);
        scratch->waiting[scratch->n++] = (struct waiting){row, held_out ? queries : database};
        if (scratch->n == BLOCK_ROWS && encode_waiting(scratch, err) != BL_OK)
            return err->code;
    }
    return BL_OK;
}

static int encode_pieces(const struct par_train_data *data, const struct bl_model *model,
                         struct par_code_set *queries, struct par_code_set *database, struct bl_error *err)
{
    struct encode_scratch scratch;
    struct growing to_queries = {queries, 0}, to_database = {database, 0};
    const int64_t bits = bl_shape_code_bits(&model->shape);
    int64_t n_queries = 0, n_database = 0;
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo; s++) {
        n_queries += data->shard[s].n_validation;
        n_database += data->shard[s].n_train;
    }
    int code = scratch_init(&scratch, data, model, err);
    if (code == BL_OK)
        code = par_code_set_init_local(queries, n_queries, bits, data->labels, 0, err);
    if (code == BL_OK)
        code = par_code_set_init_local(database, n_database, bits, data->labels, 0, err);
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo && code == BL_OK; s++)
        code = encode_shard(&scratch, &data->shard[s], &to_queries, &to_database, err);
    return encode_rest(&scratch, code, err);
}

/* How many rows of a shard are looked at: those that are held out, or if there are none the first of the
 * others, as many on any number of ranks. */
static int64_t looked_at(const struct par_train_data *data, const struct bl_shard *shard,
                         const int64_t **rows)
{
    const int64_t most = (BLOCK_ROWS + data->shards - 1) / data->shards;
    *rows = data->n_validation_global > 0 ? shard->validation : shard->train;
    if (data->n_validation_global > 0)
        return shard->n_validation;
    return shard->n_train < most ? shard->n_train : most;
}

/* This rank's part of the codes that are looked at. */
static int encode_some(const struct par_train_data *data, const struct bl_model *model,
                       struct par_code_set *own, struct bl_error *err)
{
    struct encode_scratch scratch;
    struct growing to = {own, 0};
    const int64_t row_bytes = data->dim * (int64_t)bl_type_bytes(data->type);
    const int64_t shards = data->shard_hi - data->shard_lo, *rows;
    int64_t n = 0;
    for (int64_t s = 0; s < shards; s++)
        n += looked_at(data, &data->shard[s], &rows);
    int code = scratch_init(&scratch, data, model, err);
    if (code == BL_OK)
        code = par_code_set_init_local(own, n, bl_shape_code_bits(&model->shape), data->labels, 0, err);
    for (int64_t s = 0; s < shards && code == BL_OK; s++) {
        n = looked_at(data, &data->shard[s], &rows);
        for (int64_t i = 0; i < n && code == BL_OK; i++) {
            const void *features;
            code = par_train_data_row_local(data, rows[i], &features, err);
            if (code != BL_OK)
                break;
            memcpy(scratch.rows + scratch.n * row_bytes, features, (size_t)row_bytes);
            scratch.waiting[scratch.n++] = (struct waiting){rows[i], &to};
            if (scratch.n == BLOCK_ROWS)
                code = encode_waiting(&scratch, err);
        }
    }
    return encode_rest(&scratch, code, err);
}

int par_held_out_look(struct par par, const struct par_train_data *data, const struct bl_model *model,
                      struct bl_code_health *health, struct bl_error *err)
{
    struct par_code_set own = {0}, all = {0};
    int code = par_agree(par, encode_some(data, model, &own, err), err);
    if (code == BL_OK)
        code = par_code_set_gather(par, &own, &all, err);
    if (code == BL_OK)
        code = par_agree(
            par, bl_code_health(all.words, all.set.rows, all.set.bits, data->labels, all.labels, health, err),
            err);
    par_code_set_free(&own);
    par_code_set_free(&all);
    return code;
}

int par_held_out_judge(struct par par, const struct par_train_data *data, const struct bl_model *model,
                       struct held_out_result *result, struct bl_error *err)
{
    struct par_code_set own = {0}, queries = {0}, database = {0};
    struct bl_retrieval retrieval;
    struct bl_retrieval_means means;
    /* The database stays where its rows are; queries, which are few, come to every rank. */
    int code = par_agree(par, encode_pieces(data, model, &own, &database, err), err);
    if (code == BL_OK)
        code = par_code_set_gather(par, &own, &queries, err);
    if (code != BL_OK)
        goto done;
    bl_retrieval_init(&retrieval, queries.set.bits, NULL, 0);
    code = par_retrieve(par, &queries.set, &database.set, 0, &retrieval, err);
    if (code != BL_OK)
        goto done;
    bl_retrieval_means(&retrieval, &means);
    *result = (struct held_out_result){.map = means.map,
                                       .queries = retrieval.queries,
                                       .database = data->n_train_global,
                                       .unanswerable = retrieval.unanswerable};
    code = par_agree(par,
                     bl_code_health(queries.words, queries.set.rows, queries.set.bits, data->labels,
                                    queries.labels, &result->health, err),
                     err);
done:
    par_code_set_free(&own);
    par_code_set_free(&queries);
    par_code_set_free(&database);
    return code;
}

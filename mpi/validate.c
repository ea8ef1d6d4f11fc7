#include "mpi/validate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "hash/code.h"
#include "mpi/agree.h"
#include "mpi/retrieve.h"
#include "mpi/stall.h"

/* Rows encoded at a time: enough for the matrix products, little memory. */
enum { BLOCK_ROWS = 1024 };

int par_validates_local(const struct bl_config *config, int64_t n_validation, struct bl_label_layout labels)
{
    return config->evaluate.every_epochs > 0 && n_validation > 0 && labels.kind != BL_LABELS_NONE;
}

int par_early_stop_check_local(const struct bl_config *config, int64_t n_validation,
                               struct bl_label_layout labels, struct bl_error *err)
{
    if (config->evaluate.early_stop == 0 || par_validates_local(config, n_validation, labels))
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

void par_validation_protocol_local(const struct par_train_data *data, const struct bl_config *config,
                                   int from_model, char text[PAR_VALIDATION_PROTOCOL])
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

struct encode_scratch {
    const struct par_train_data *data;
    struct bl_encoder encoder;
    char *rows;     /* [BLOCK_ROWS, dim] of the data's type */
    uint8_t *codes; /* [BLOCK_ROWS, code bytes] */
};

static int scratch_init(struct encode_scratch *scratch, const struct par_train_data *data,
                        const struct bl_model *model, struct bl_error *err)
{
    *scratch = (struct encode_scratch){.data = data};
    int code = bl_encoder_init(&scratch->encoder, model, BLOCK_ROWS, err);
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
    bl_free(&scratch->rows);
    bl_free(&scratch->codes);
}

/* Codes and labels of n file rows into places [at, at + n) of the set. */
static int encode_rows(struct encode_scratch *scratch, const int64_t *rows, int64_t n,
                       struct par_code_set *to, int64_t at, struct bl_error *err)
{
    const struct par_train_data *data = scratch->data;
    const int64_t row_bytes = data->dim * (int64_t)bl_type_bytes(data->type), bits = to->set.bits;
    for (int64_t lo = 0; lo < n; lo += BLOCK_ROWS) {
        const int64_t count = n - lo < BLOCK_ROWS ? n - lo : BLOCK_ROWS;
        for (int64_t i = 0; i < count; i++) {
            const int64_t words = data->labels.words;
            memcpy(scratch->rows + i * row_bytes, par_train_data_row(data, rows[lo + i]), (size_t)row_bytes);
            memcpy(to->labels + (at + lo + i) * words, par_train_data_labels(data, rows[lo + i]),
                   (size_t)words * sizeof(uint32_t));
        }
        par_stall_tick_local("evaluation");
        int64_t bad_row;
        int code = bl_encoder_run(&scratch->encoder, data->type, scratch->rows, count, scratch->codes,
                                  &bad_row, err);
        if (code != BL_OK)
            return bl_fail(err, code,
                           "evaluation: the network's outputs for row %" PRId64
                           " of the train split are not finite; lower optimizer.lr",
                           rows[lo + bad_row]);
        bl_code_to_words(scratch->codes, count, bits, to->words + (at + lo) * bl_code_words(bits));
    }
    return BL_OK;
}

static int encode_pieces(const struct par_train_data *data, const struct bl_model *model,
                         struct par_code_set *queries, struct par_code_set *database, struct bl_error *err)
{
    struct encode_scratch scratch;
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
    n_queries = n_database = 0;
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo && code == BL_OK; s++) {
        const struct bl_shard *shard = &data->shard[s];
        code = encode_rows(&scratch, shard->validation, shard->n_validation, queries, n_queries, err);
        if (code == BL_OK)
            code = encode_rows(&scratch, shard->train, shard->n_train, database, n_database, err);
        n_queries += shard->n_validation;
        n_database += shard->n_train;
    }
    scratch_free(&scratch);
    return code;
}

int par_validate(struct par par, const struct par_train_data *data, const struct bl_model *model,
                 struct par_validation_result *result, struct bl_error *err)
{
    struct par_code_set own = {0}, queries = {0}, database = {0};
    struct bl_retrieval retrieval;
    struct bl_retrieval_means means;
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
    *result = (struct par_validation_result){.map = means.map,
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

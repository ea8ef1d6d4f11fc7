#include "mpi/rows/train_data.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/log.h"
#include "data/checks.h"
#include "mpi/files/dataset.h"
#include "mpi/h5/table.h"
#include "mpi/process/stall.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"
#include "mpi/rows/dense_labels.h"
#include "mpi/rows/label_totals.h"
#include "mpi/rows/row_sample.h"
#include "mpi/rows/sum_groups.h"

static int64_t bytes_of_row(const struct par_train_data *data)
{
    return data->dim * (int64_t)bl_type_bytes(data->type);
}

/* Memory for the features, or for one block if they are streamed, for labels and for marks of bad rows. */
static int allocate(struct par_train_data *data, const struct bl_config *config, uint64_t **digests,
                    struct bl_error *err)
{
    const int64_t n = data->row_hi - data->row_lo;
    int code = config->data.residency == BL_RESIDENCY_MEMORY
                   ? bl_alloc(&data->features, n * data->dim, bl_type_bytes(data->type),
                              "the train split's features", err)
                   : bl_alloc(&data->block, h5_rows_per_block(bytes_of_row(data)), (size_t)bytes_of_row(data),
                              "a block of features", err);
    if (code == BL_OK)
        code = bl_alloc(&data->label_words, n * data->labels.words, sizeof(uint32_t),
                        "the train split's labels", err);
    if (code == BL_OK)
        code = bl_alloc_zero(&data->bad, n, 1, "marks of bad rows", err);
    if (code == BL_OK)
        code = bl_alloc_zero(digests, data->shards, sizeof **digests, "digests of shards", err);
    return code;
}

/* Labels, marks, numbers of training and held-out rows; then features and the shards' orders, or a block of
 * the file here and one in row_file, with a checksum for each. */
int64_t par_train_data_bytes_local(int64_t rows, int64_t n_train, int64_t row_bytes, int64_t label_words,
                                   int is_streamed)
{
    const int64_t number = sizeof(int64_t), block_rows = h5_rows_per_block(row_bytes);
    const int64_t always = rows * (label_words * (int64_t)sizeof(uint32_t) + 1 + number);
    return always + (is_streamed ? 2 * block_rows * row_bytes + (rows / block_rows + 2) * number
                                 : rows * row_bytes + n_train * number);
}

/* Marks those of the file rows [lo, lo + n), which are at `rows`, that have a NaN or Inf; with bad_rows:
 * stop the first one is an error. */
static int check_rows(struct par_train_data *data, const char *rows, int64_t lo, int64_t n, int bad_rows,
                      const char *path, struct bl_error *err)
{
    if (bl_first_not_finite(data->type, rows, n * data->dim) < 0)
        return BL_OK;
    for (int64_t i = 0; i < n; i++) {
        int64_t column = bl_first_not_finite(data->type, rows + i * bytes_of_row(data), data->dim);
        if (column < 0)
            continue;
        data->bad[lo + i - data->row_lo] = 1;
        if (bad_rows == BL_BAD_ROWS_STOP)
            return bl_fail(err, BL_NUMBERS,
                           "%s: row %" PRId64 " of the train split has a NaN or Inf in column %" PRId64
                           "; repair the data or set data.bad_rows to drop",
                           path, lo + i, column);
    }
    return BL_OK;
}

/* Adds the training rows among the file rows [lo, lo + n) to the sample. *next: the position in
 * shard->train of the first row from lo on. */
static void sample_rows(struct par_train_data *data, const struct bl_shard *shard, const char *rows,
                        int64_t lo, int64_t n, int64_t *next)
{
    for (; *next < shard->n_train && shard->train[*next] < lo + n; ++*next) {
        const int64_t row = shard->train[*next];
        if (!data->bad[row - data->row_lo])
            bl_row_sample_add(&data->trained,
                              bl_row_hash(data->type, rows + (row - lo) * bytes_of_row(data), data->dim));
    }
}

/* Reads rows [lo, hi) of a shard one checksum block at a time; each block is checked, sampled and added to
 * the digest while it is in the cache. */
static int read_shard(struct par_train_data *data, struct par_dataset *dataset, const struct bl_shard *shard,
                      int64_t lo, int64_t hi, struct bl_digester *digester, int bad_rows, const char *path,
                      struct bl_error *err)
{
    const int64_t row_bytes = bytes_of_row(data), block = h5_rows_per_block(row_bytes);
    int64_t next = 0;
    for (int64_t at = lo, n; at < hi; at += n) {
        const int64_t end = (at / block + 1) * block;
        n = (end < hi ? end : hi) - at;
        stall_tick("reading the train split");
        char *rows = data->features ? (char *)data->features + (at - data->row_lo) * row_bytes : data->block;
        int code = par_dataset_read_local(dataset, at, n, rows, NULL, NULL, err);
        if (code == BL_OK)
            code = check_rows(data, rows, at, n, bad_rows, path, err);
        if (code != BL_OK)
            return code;
        sample_rows(data, shard, rows, at, n, &next);
        bl_digester_add(digester, rows, n * row_bytes);
    }
    return BL_OK;
}

/* Reads this rank's shards. digests[s] = digest of shard s's features, seeded with the digest of its
 * labels; 0 for other ranks' shards. */
static int read_shards(struct par_train_data *data, struct par_dataset *dataset, int bad_rows,
                       const char *path, uint64_t *digests, struct bl_error *err)
{
    const int64_t label_bytes = data->labels.words * (int64_t)sizeof(uint32_t);
    struct bl_digester *digester = bl_digester_create();
    int code = digester ? BL_OK : bl_fail(err, BL_MEMORY, "out of memory: the data's fingerprint");
    if (code == BL_OK && label_bytes)
        code = par_dataset_read_local(dataset, data->row_lo, data->row_hi - data->row_lo, NULL,
                                      data->label_words, NULL, err);
    for (int64_t s = data->shard_lo; s < data->shard_hi && code == BL_OK; s++) {
        const int64_t lo = bl_shard_begin(data->rows_global, data->shards, s);
        const int64_t hi = bl_shard_begin(data->rows_global, data->shards, s + 1);
        bl_digester_begin(
            digester, label_bytes ? bl_digest(train_data_labels(data, lo), (hi - lo) * label_bytes, 0) : 0);
        struct bl_shard *shard = &data->shard[s - data->shard_lo];
        code = read_shard(data, dataset, shard, lo, hi, digester, bad_rows, path, err);
        bl_shard_drop(shard, data->bad + (lo - data->row_lo), lo);
        digests[s] = bl_digester_end(digester);
    }
    bl_digester_destroy(digester);
    return code;
}

/* Each shard holds out its share of the validation rows by itself: the same rows on any number of ranks. */
static int make_shards(struct par_train_data *data, const struct bl_config_data *config, struct bl_error *err)
{
    const int64_t n = data->shard_hi - data->shard_lo;
    int code = bl_alloc_zero(&data->shard, n, sizeof *data->shard, "shards", err);
    for (int64_t s = 0; s < n && code == BL_OK; s++) {
        const int64_t index = data->shard_lo + s;
        int64_t lo = bl_shard_begin(data->rows_global, data->shards, index);
        int64_t hi = bl_shard_begin(data->rows_global, data->shards, index + 1);
        int64_t held_out = bl_validation_rows_of(data->rows_global, config->validation, data->shards, index);
        code = bl_shard_init(&data->shard[s], index, lo, hi, held_out, (uint64_t)config->validation_seed,
                             config->residency == BL_RESIDENCY_MEMORY, err);
    }
    return code;
}

/* rows = training + validation + dropped rows; the smallest shard limits the steps of an epoch. */
static void count_rows(struct par_train_data *data, struct par par)
{
    int64_t counts[2] = {0, 0}, smallest = INT64_MAX;
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo; s++) {
        counts[0] += data->shard[s].n_train;
        counts[1] += data->shard[s].n_validation;
        if (data->shard[s].n_train < smallest)
            smallest = data->shard[s].n_train;
    }
    par_sum_integers(par, counts, 2);
    data->n_train_global = counts[0];
    data->n_validation_global = counts[1];
    data->n_dropped_global = data->rows_global - counts[0] - counts[1];
    data->shard_rows_min = par_min_integer(par, smallest);
}

/* The digest of the shards' digests, of which each rank has set its own: it doesn't depend on the ranks. */
static uint64_t fingerprint_of(const struct par_train_data *data, struct par par, uint64_t *digests)
{
    par_sum_words(par, digests, data->shards);
    uint64_t shape = (uint64_t)data->dim * 31 + (uint64_t)data->type * 7 + (uint64_t)data->labels.kind;
    return bl_digest(digests, data->shards * (int64_t)sizeof *digests, shape);
}

/* This rank's shards are consecutive, and so are its rows: it reads one range of the file. */
static void describe(struct par_train_data *data, struct par par, const struct par_split *split,
                     const struct bl_config *config)
{
    *data = (struct par_train_data){.rows_global = split->rows,
                                    .dim = split->dim,
                                    .type = split->type,
                                    .labels = split->labels,
                                    .n_class_names = split->n_class_names,
                                    .shards = data->shards};
    sum_groups_shards(config, par.rank, par.size, &data->shard_lo, &data->shard_hi);
    data->row_lo = bl_shard_begin(data->rows_global, data->shards, data->shard_lo);
    data->row_hi = bl_shard_begin(data->rows_global, data->shards, data->shard_hi);
}

/* The labels of the rows that are trained on, before their classes are numbered anew. */
static int count_labels(struct par_train_data *data, struct par par, struct bl_error *err)
{
    uint8_t *keep = NULL;
    const int64_t n = data->row_hi - data->row_lo;
    int code = par_agree(par, bl_alloc_zero(&keep, n, 1, "marks of training rows", err), err);
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo && code == BL_OK; s++)
        for (int64_t t = 0; t < data->shard[s].n_train; t++)
            keep[data->shard[s].train[t] - data->row_lo] = 1;
    if (code == BL_OK)
        code = par_label_totals(par, data->labels, data->label_words, n, keep, &data->label_count, err);
    bl_free(&keep);
    return code;
}

int par_train_data_init(struct par_train_data *data, struct par par, const char *path,
                        const struct bl_config *config, struct bl_error *err)
{
    *data = (struct par_train_data){.shards = config->data.shards};
    struct par_dataset *dataset = NULL;
    uint64_t *digests = NULL;
    int code = par_dataset_open(&dataset, par, path, config->data.train, err);
    if (code != BL_OK)
        goto done;
    par_dataset_use_groups_local(dataset, config->objective.pairwise_similarity == BL_SIMILARITY_GROUP);
    describe(data, par, dataset_split(dataset), config);
    code = sum_groups_check(config, data->rows_global, par.size, err); /* the same on all ranks */
    if (code != BL_OK)
        goto done;
    code = allocate(data, config, &digests, err);
    if (code == BL_OK && config->data.residency == BL_RESIDENCY_STREAM)
        code = par_dataset_row_file_local(dataset, data->row_lo, data->row_hi, &data->file, err);
    if (code == BL_OK)
        code = make_shards(data, &config->data, err);
    if (code == BL_OK)
        code = read_shards(data, dataset, config->data.bad_rows, path, digests, err);
    code = par_agree(par, code, err); /* every rank read its shards; collectives from here on */
    if (code == BL_OK)
        data->fingerprint = fingerprint_of(data, par, digests);
    if (code == BL_OK)
        code = count_labels(data, par, err);
    if (code == BL_OK && (data->labels.kind == BL_LABELS_SINGLE || data->labels.kind == BL_LABELS_GROUPS))
        code = par_dense_labels(par, (data->row_hi - data->row_lo) * data->labels.words, data->label_words,
                                &data->labels.classes, err);
    if (code == BL_OK) {
        count_rows(data, par);
        code = par_row_sample_merge(par, &data->trained, err);
    }
done:
    par_dataset_close(dataset);
    bl_free(&digests);
    if (code != BL_OK)
        par_train_data_free(data);
    return code;
}

void par_train_data_free(struct par_train_data *data)
{
    for (int64_t s = 0; data->shard && s < data->shard_hi - data->shard_lo; s++)
        bl_shard_free(&data->shard[s]);
    bl_free(&data->shard);
    row_file_close(data->file);
    data->file = NULL;
    bl_free(&data->features);
    bl_free(&data->block);
    bl_free(&data->label_words);
    bl_free(&data->bad);
}

int par_train_data_row_local(const struct par_train_data *data, int64_t file_row, const void **row,
                             struct bl_error *err)
{
    if (data->file)
        return row_file_row(data->file, file_row, row, err);
    *row = (const char *)data->features + (file_row - data->row_lo) * bytes_of_row(data);
    return BL_OK;
}

/* The `read` of streamed rows. */
static int read_rows(void *context, int64_t lo, int64_t n, const void **rows, const uint32_t **labels,
                     struct bl_error *err)
{
    const struct par_train_data *data = context;
    int code = BL_OK;
    for (int64_t i = 0; i < n && code == BL_OK; i++) {
        const void *row;
        code = row_file_row(data->file, data->row_lo + lo + i, &row, err);
        if (code == BL_OK)
            memcpy(data->block + i * bytes_of_row(data), row, (size_t)bytes_of_row(data));
    }
    if (rows)
        *rows = data->block;
    if (labels)
        *labels = train_data_labels(data, data->row_lo + lo);
    return code;
}

struct rows par_train_data_rows_local(const struct par_train_data *data, const uint8_t *keep,
                                      struct par_sum_groups *groups)
{
    struct rows rows =
        rows_resident(data->dim, data->type, data->features, data->row_hi - data->row_lo, keep, groups);
    if (data->file) {
        rows.read = read_rows;
        rows.context = (void *)data;
        rows.block_rows = row_file_rows_per_block(data->file);
    }
    return rows;
}

const uint32_t *train_data_labels(const struct par_train_data *data, int64_t file_row)
{
    return data->labels.words ? data->label_words + (file_row - data->row_lo) * data->labels.words : NULL;
}

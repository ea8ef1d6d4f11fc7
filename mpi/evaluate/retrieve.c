#include "mpi/evaluate/retrieve.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "hash/code.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"

int par_code_set_init_local(struct par_code_set *owned, int64_t rows, int64_t bits,
                            struct bl_label_layout layout, int64_t first, struct bl_error *err)
{
    *owned = (struct par_code_set){0};
    int code = bl_alloc(&owned->words, rows * bl_code_words(bits), sizeof *owned->words, "codes", err);
    if (code == BL_OK && layout.words > 0)
        code = bl_alloc(&owned->labels, rows * layout.words, sizeof *owned->labels, "labels", err);
    if (code != BL_OK)
        par_code_set_free(owned);
    else
        owned->set = (struct bl_code_set){rows, bits, owned->words, layout, owned->labels, first};
    return code;
}

void par_code_set_free(struct par_code_set *owned)
{
    bl_free(&owned->words);
    bl_free(&owned->labels);
    owned->set = (struct bl_code_set){0};
}

int par_code_set_gather(struct par par, const struct par_code_set *piece, struct par_code_set *whole,
                        struct bl_error *err)
{
    const struct bl_code_set *mine = &piece->set;
    const int64_t n_words = bl_code_words(mine->bits), n_labels = mine->label_layout.words;
    const int64_t code_bytes = n_words * (int64_t)sizeof *piece->words;
    const int64_t label_bytes = n_labels * (int64_t)sizeof *piece->labels;
    struct par_blocks rows;
    *whole = (struct par_code_set){0};
    int code = par_agree(par, par_blocks_init(&rows, par.size, err), err);
    if (code != BL_OK)
        goto done;
    par_blocks_gather(&rows, par, mine->rows);
    const int64_t first = rows.begin[par.rank];
    code = par_code_set_init_local(whole, rows.begin[par.size], mine->bits, mine->label_layout, 0, err);
    code = par_agree(par, code, err);
    if (code != BL_OK)
        goto done;
    memcpy(whole->words + first * n_words, piece->words, (size_t)(mine->rows * code_bytes));
    par_allgather(par, &rows, whole->words, code_bytes);
    if (label_bytes > 0) {
        memcpy(whole->labels + first * n_labels, piece->labels, (size_t)(mine->rows * label_bytes));
        par_allgather(par, &rows, whole->labels, label_bytes);
    }
done:
    if (code != BL_OK)
        par_code_set_free(whole);
    par_blocks_free(&rows);
    return code;
}

int par_retrieve_check_local(int64_t query_bits, struct bl_label_layout query_layout, const char *query_name,
                             int64_t database_bits, struct bl_label_layout database_layout,
                             const char *database_name, struct bl_error *err)
{
    static const char *const kinds[] = {[BL_LABELS_NONE] = "no labels",
                                        [BL_LABELS_SINGLE] = "one class a row",
                                        [BL_LABELS_MULTI] = "several classes a row",
                                        [BL_LABELS_GROUPS] = "groups"};
    if (query_bits != database_bits)
        return bl_fail(err, BL_INPUT, "%s has codes of %s and %s of %s; compare codes of one model",
                       query_name, bl_count(query_bits, "bit").text, database_name,
                       bl_count(database_bits, "bit").text);
    if (query_layout.kind == BL_LABELS_NONE || database_layout.kind == BL_LABELS_NONE)
        return bl_fail(err, BL_INPUT,
                       "%s has no labels and no groups, so nothing says what is relevant; add labels to it",
                       query_layout.kind == BL_LABELS_NONE ? query_name : database_name);
    if (query_layout.kind != database_layout.kind)
        return bl_fail(err, BL_INPUT, "%s has %s and %s has %s; both need labels of one kind", query_name,
                       kinds[query_layout.kind], database_name, kinds[database_layout.kind]);
    if (query_layout.kind == BL_LABELS_MULTI && query_layout.classes != database_layout.classes)
        return bl_fail(
            err, BL_INPUT, "%s has label columns for %s and %s for %" PRId64 "; both need the same classes",
            query_name, bl_count(query_layout.classes, "class").text, database_name, database_layout.classes);
    if (query_layout.kind == BL_LABELS_GROUPS && query_layout.words != database_layout.words)
        return bl_fail(
            err, BL_INPUT,
            "%s has %s a row and %s has %" PRId64 "; pad both with -1 to the same number of columns",
            query_name, bl_count(query_layout.words, "group").text, database_name, database_layout.words);
    return BL_OK;
}

/* The buckets of a block of queries over the whole database, on rank 0. */
static void count_block(struct par par, const struct bl_code_set *queries, int64_t lo, int64_t n,
                        const struct bl_code_set *database, int exclude_self, bl_bucket *buckets)
{
    const int64_t count = n * (queries->bits + 1);
    memset(buckets, 0, (size_t)count * sizeof *buckets);
    bl_retrieval_count(queries, lo, n, database, exclude_self, buckets);
    par_reduce_to_root(par, buckets, count, MPI_UINT64_T, MPI_SUM);
}

int par_retrieve(struct par par, const struct bl_code_set *queries, const struct bl_code_set *database,
                 int exclude_self, struct bl_retrieval *retrieval, struct bl_error *err)
{
    const int64_t distances = queries->bits + 1;
    const int64_t block = 1 + (1 << 17) / distances; /* 1 MiB of buckets */
    bl_bucket *buckets = NULL;
    int64_t rows = database->rows;
    par_sum_integers(par, &rows, 1);
    int code = BL_OK;
    if (rows > BL_DATABASE_ROWS_MAX)
        code = bl_fail(err, BL_USAGE, "the database has %" PRId64 " rows; at most %" PRId64 " can be counted",
                       rows, BL_DATABASE_ROWS_MAX);
    else
        code = bl_alloc(&buckets, block * distances, sizeof *buckets, "counts per distance", err);
    code = par_agree(par, code, err);
    for (int64_t lo = 0; lo < queries->rows && code == BL_OK; lo += block) {
        const int64_t n = queries->rows - lo < block ? queries->rows - lo : block;
        count_block(par, queries, lo, n, database, exclude_self, buckets);
        for (int64_t q = 0; q < n && par.rank == 0; q++)
            bl_retrieval_add(retrieval, buckets + q * distances);
    }
    if (code == BL_OK)
        par_broadcast(par, retrieval, sizeof *retrieval);
    bl_free(&buckets);
    return code;
}

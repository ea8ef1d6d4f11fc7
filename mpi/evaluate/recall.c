#include "mpi/evaluate/recall.h"

#include <string.h>

#include "base/buffer.h"
#include "base/minmax.h"
#include "hash/code.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

/* A block of queries on its way. Owned. */
struct block {
    bl_bucket *buckets; /* [block, bits + 1] */
    int64_t *rows;      /* [block, k] true neighbours */
    float *distances;   /* [block, k] */
    int32_t *hamming;   /* [block, k] */
    char *scratch;      /* bl_retrieval_scratch_bytes() */
};

static int block_init(struct block *block, int64_t n, int64_t bits, int64_t k, struct bl_error *err)
{
    const struct bl_buffer buffers[] = {
        {&block->buckets, n * (bits + 1), sizeof *block->buckets, "counts per distance", 0},
        {&block->rows, n * k, sizeof *block->rows, "true neighbours", 0},
        {&block->distances, n * k, sizeof *block->distances, "true neighbours", 0},
        {&block->hamming, n * k, sizeof *block->hamming, "distances of neighbours", 0},
        {&block->scratch, bl_retrieval_scratch_bytes(), 1, "rows to compare", 0},
    };
    *block = (struct block){0};
    return bl_alloc_all(buffers, (int64_t)(sizeof buffers / sizeof *buffers), err);
}

static void block_free(struct block *block)
{
    bl_free(&block->buckets);
    bl_free(&block->rows);
    bl_free(&block->distances);
    bl_free(&block->hamming);
    bl_free(&block->scratch);
}

/* Hamming distances of the neighbours that are rows of this rank's piece; 0 for the others. */
static void measure(const struct bl_code_set *queries, int64_t query_lo, int64_t n,
                    const struct bl_code_set *database, int64_t k, struct block *block)
{
    const int64_t words = bl_code_words(queries->bits);
    for (int64_t i = 0; i < n * k; i++) {
        const int64_t row = block->rows[i] - database->first;
        block->hamming[i] = 0;
        if (row >= 0 && row < database->rows)
            block->hamming[i] = (int32_t)bl_code_hamming(queries->words + (query_lo + i / k) * words,
                                                         database->words + row * words, words);
    }
}

/* On rank 0: adds the block's queries. */
static void add_block(const struct block *block, int64_t n, int64_t bits, int64_t k, int has_distances,
                      struct bl_recall *recall)
{
    for (int64_t q = 0; q < n; q++) {
        const struct bl_recall_query query = {.buckets = block->buckets + q * (bits + 1),
                                              .hamming = block->hamming + q * k,
                                              .distance = has_distances ? block->distances + q * k : NULL,
                                              .listed = k};
        bl_recall_add(recall, &query);
    }
}

/* The same codes without labels. */
static struct bl_code_set unlabelled(const struct bl_code_set *set)
{
    struct bl_code_set plain = *set;
    plain.label_layout = bl_label_layout(BL_LABELS_NONE, 0);
    plain.labels = NULL;
    return plain;
}

int par_recall(struct par par, const struct bl_code_set *queries, const struct bl_code_set *database,
               int exclude_self, struct par_truth *truth, int64_t database_rows, struct bl_recall *recall,
               struct bl_error *err)
{
    const struct bl_code_set plain_queries = unlabelled(queries), plain_database = unlabelled(database);
    const int64_t bits = queries->bits, k = truth_note(truth)->k;
    const int64_t step = bl_max(1, bl_min(bl_retrieval_block(bits), (1 << 20) / (k * 20)));
    struct block block;
    int code = block_init(&block, step, bits, k, err);
    if (code == BL_OK)
        code = bl_retrieval_check_rows(database_rows, err);
    code = par_agree(par, code, err);
    for (int64_t lo = 0; lo < queries->rows && code == BL_OK; lo += step) {
        const int64_t n = bl_min(step, queries->rows - lo);
        code = par_truth_read_local(truth, lo, n, database_rows, block.rows, block.distances, err);
        code = par_agree(par, code, err);
        if (code != BL_OK)
            break;
        memset(block.buckets, 0, (size_t)(n * (bits + 1)) * sizeof *block.buckets);
        bl_retrieval_count(&plain_queries, lo, n, &plain_database, exclude_self, block.buckets,
                           block.scratch);
        measure(queries, lo, n, database, k, &block);
        par_reduce_to_root(par, block.buckets, n * (bits + 1), MPI_UINT64_T, MPI_SUM);
        par_reduce_to_root(par, block.hamming, n * k, MPI_INT32_T, MPI_SUM);
        if (par.rank == 0)
            add_block(&block, n, bits, k, truth_has_distances(truth), recall);
    }
    block_free(&block);
    return code;
}

#include "mpi/evaluate/retrieve.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"

int par_retrieve_check_bits_local(int64_t query_bits, const char *query_name, int64_t database_bits,
                                  const char *database_name, struct bl_error *err)
{
    if (query_bits != database_bits)
        return bl_fail(err, BL_INPUT, "%s has codes of %s and %s of %s; compare codes of one model",
                       query_name, bl_count(query_bits, "bit").text, database_name,
                       bl_count(database_bits, "bit").text);
    return BL_OK;
}

int par_retrieve_check_local(int64_t query_bits, struct bl_label_layout query_layout, const char *query_name,
                             int64_t database_bits, struct bl_label_layout database_layout,
                             const char *database_name, struct bl_error *err)
{
    static const char *const kinds[] = {[BL_LABELS_NONE] = "no labels",
                                        [BL_LABELS_SINGLE] = "one class a row",
                                        [BL_LABELS_MULTI] = "several classes a row",
                                        [BL_LABELS_GROUPS] = "groups"};
    if (par_retrieve_check_bits_local(query_bits, query_name, database_bits, database_name, err) != BL_OK)
        return err->code;
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

/* How many items, and relevant ones, each query finds at each Hamming distance: every rank counts its piece
 * of the database, rank 0 gets the sums. Integers, so the cut into pieces doesn't matter. */
static void count_block(struct par par, const struct bl_code_set *queries, int64_t lo, int64_t n,
                        const struct bl_code_set *database, int exclude_self, bl_bucket *buckets,
                        void *scratch)
{
    const int64_t count = n * (queries->bits + 1);
    memset(buckets, 0, (size_t)count * sizeof *buckets);
    bl_retrieval_count(queries, lo, n, database, exclude_self, buckets, scratch);
    par_reduce_to_root(par, buckets, count, MPI_UINT64_T, MPI_SUM);
}

int par_retrieve(struct par par, const struct bl_code_set *queries, const struct bl_code_set *database,
                 int exclude_self, struct bl_retrieval *retrieval, struct bl_error *err)
{
    const int64_t distances = queries->bits + 1;
    const int64_t block = bl_retrieval_block(queries->bits);
    bl_bucket *buckets = NULL;
    char *scratch = NULL;
    int64_t rows = database->rows;
    par_sum_integers(par, &rows, 1);
    int code = bl_retrieval_check_rows(rows, err);
    if (code == BL_OK)
        code = bl_alloc(&buckets, block * distances, sizeof *buckets, "counts per distance", err);
    if (code == BL_OK)
        code = bl_alloc(&scratch, bl_retrieval_scratch_bytes(), 1, "rows to compare", err);
    code = par_agree(par, code, err);
    /* Rank 0 alone adds up queries, in their order: the same sums of doubles on any number of ranks. */
    for (int64_t lo = 0; lo < queries->rows && code == BL_OK; lo += block) {
        const int64_t n = queries->rows - lo < block ? queries->rows - lo : block;
        count_block(par, queries, lo, n, database, exclude_self, buckets, scratch);
        for (int64_t q = 0; q < n && par.rank == 0; q++)
            bl_retrieval_add(retrieval, buckets + q * distances);
    }
    if (code == BL_OK)
        par_broadcast(par, retrieval, sizeof *retrieval);
    bl_free(&scratch);
    bl_free(&buckets);
    return code;
}

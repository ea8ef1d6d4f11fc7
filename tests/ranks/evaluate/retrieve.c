#include "mpi/evaluate/retrieve.h"
#include "base/share.h"
#include "mpi/evaluate/code_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hash/code.h"
#include "support/ranks.h"
#include "support/sizes.h"

enum { ROWS = 701, BITS = 70, WORDS = 2, CUTS = 2 };

static const int64_t cuts[CUTS] = {10, 200};

/* Row `row` of a set that every rank can make for itself: few classes, some rows without one, many ties. */
static void make_row(int64_t row, uint64_t *words, uint32_t *label)
{
    uint64_t random[4];
    bl_rng_words(9, BL_STREAM_LSH, (uint64_t)row, 0, 0, random);
    *label = (uint32_t)(random[3] % 6) - 1;
    words[0] = random[0] & random[2];
    words[1] = random[1] & 0x3f;
}

/* Rows [lo, hi), in the order reversed if asked. */
static void make_piece(struct par_code_set *piece, int64_t lo, int64_t hi, int reversed)
{
    struct bl_error err = {0};
    CHECK(par_code_set_init_local(piece, hi - lo, BITS, bl_label_layout(BL_LABELS_SINGLE, 5), lo, &err) ==
          BL_OK);
    for (int64_t i = 0; i < hi - lo; i++)
        make_row(reversed ? ROWS - 1 - lo - i : lo + i, piece->words + i * WORDS, piece->labels + i);
}

static void retrieve_alone(const struct bl_code_set *all, int exclude_self, struct bl_retrieval *retrieval)
{
    struct bl_error err = {0};
    bl_retrieval_init(retrieval, BITS, cuts, CUTS);
    CHECK(par_retrieve(par_alone(), all, all, exclude_self, retrieval, &err) == BL_OK);
}

/* Rank r owns [edge(r), edge(r+1)); with a skew, rank 0 has nothing and the last one most. */
static int64_t edge(struct par par, int rank, int skewed)
{
    int64_t lo, hi;
    bl_share(ROWS, rank, par.size, &lo, &hi);
    if (rank == par.size)
        return ROWS;
    return skewed ? rank : lo;
}

static void check_same_bits(struct par par, int exclude_self, int reversed, int skewed)
{
    static struct bl_retrieval alone, together;
    struct par_code_set all = {0}, piece = {0};
    struct bl_error err = {0};
    make_piece(&all, 0, ROWS, 0);
    make_piece(&piece, edge(par, par.rank, skewed), edge(par, par.rank + 1, skewed), reversed);
    retrieve_alone(&all.set, exclude_self, &alone);
    bl_retrieval_init(&together, BITS, cuts, CUTS);
    CHECK(par_retrieve(par, &all.set, &piece.set, exclude_self, &together, &err) == BL_OK);
    CHECK(alone.queries == ROWS);
    CHECK(alone.sum_ap > 0);
    CHECK(memcmp(&alone, &together, sizeof alone) == 0);
    par_code_set_free(&piece);
    par_code_set_free(&all);
}

static void every_bit_of_the_result_is_that_of_one_rank(struct par par)
{
    check_same_bits(par, 0, 0, 0);
    check_same_bits(par, 1, 0, 0);
}

static void ranks_may_own_unequal_pieces_or_none(struct par par)
{
    check_same_bits(par, 1, 0, 1);
}

static void the_order_of_the_database_changes_no_bit(struct par par)
{
    check_same_bits(par, 0, 1, 0);
}

/* So many queries against the whole database by the plainest loop. */
static void retrieve_naively(const struct bl_code_set *queries, const struct bl_code_set *database,
                             struct bl_retrieval *retrieval)
{
    for (int64_t q = 0; q < queries->rows; q++) {
        bl_bucket buckets[BITS + 1] = {0};
        bl_retrieval_count_naive(queries, q, 1, database, 0, buckets);
        bl_retrieval_add(retrieval, buckets);
    }
}

/* Around one and two blocks of queries. The database is small, so that this is quick. */
static void queries_of_every_block_are_counted_to_the_last(struct par par)
{
    enum { DATABASE = 40 };
    static struct bl_retrieval naive, together;
    struct bl_error err = {0};
    for (int i = 0; i < SIZES_TWO; i++) {
        struct par_code_set queries = {0}, database = {0}, piece = {0};
        int64_t lo, hi;
        bl_share(DATABASE, par.rank, par.size, &lo, &hi);
        make_piece(&queries, 0, size_around(bl_retrieval_block(BITS), i), 0);
        make_piece(&database, 0, DATABASE, 0);
        make_piece(&piece, lo, hi, 0);
        bl_retrieval_init(&together, BITS, cuts, CUTS);
        bl_retrieval_init(&naive, BITS, cuts, CUTS);
        retrieve_naively(&queries.set, &database.set, &naive);
        CHECK(par_retrieve(par, &queries.set, &piece.set, 0, &together, &err) == BL_OK);
        CHECK(memcmp(&naive, &together, sizeof naive) == 0);
        par_code_set_free(&piece);
        par_code_set_free(&database);
        par_code_set_free(&queries);
    }
}

static void gathered_pieces_are_the_whole_in_rank_order(struct par par)
{
    for (int skewed = 0; skewed < 2; skewed++) {
        struct par_code_set all = {0}, piece = {0}, whole = {0};
        struct bl_error err = {0};
        make_piece(&all, 0, ROWS, 0);
        make_piece(&piece, edge(par, par.rank, skewed), edge(par, par.rank + 1, skewed), 0);
        CHECK(par_code_set_gather(par, &piece, &whole, &err) == BL_OK);
        CHECK(whole.set.rows == ROWS);
        CHECK(whole.set.first == 0);
        CHECK(memcmp(whole.words, all.words, ROWS * WORDS * sizeof *all.words) == 0);
        CHECK(memcmp(whole.labels, all.labels, ROWS * sizeof *all.labels) == 0);
        par_code_set_free(&whole);
        par_code_set_free(&piece);
        par_code_set_free(&all);
    }
}

static void sets_that_cannot_be_compared_are_refused_by_name(struct par par)
{
    (void)par;
    const struct bl_label_layout none = bl_label_layout(BL_LABELS_NONE, 0);
    const struct bl_label_layout single = bl_label_layout(BL_LABELS_SINGLE, 3);
    const struct bl_label_layout three = bl_label_layout(BL_LABELS_MULTI, 3);
    const struct bl_label_layout four = bl_label_layout(BL_LABELS_MULTI, 4);
    struct bl_error err = {0};
    CHECK(par_retrieve_check_local(64, single, "a.h5", 64, single, "b.h5", &err) == BL_OK);
    CHECK(par_retrieve_check_local(64, single, "a.h5", 32, single, "b.h5", &err) == BL_INPUT);
    CHECK(strstr(err.what, "a.h5") && strstr(err.what, "b.h5") && strstr(err.what, "32"));
    CHECK(par_retrieve_check_local(64, single, "a.h5", 64, none, "b.h5", &err) == BL_INPUT);
    CHECK(strstr(err.what, "b.h5 has no labels"));
    CHECK(par_retrieve_check_local(64, single, "a.h5", 64, three, "b.h5", &err) == BL_INPUT);
    CHECK(par_retrieve_check_local(64, three, "a.h5", 64, four, "b.h5", &err) == BL_INPUT);
}

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        {"every_bit_of_the_result_is_that_of_one_rank", every_bit_of_the_result_is_that_of_one_rank},
        {"ranks_may_own_unequal_pieces_or_none", ranks_may_own_unequal_pieces_or_none},
        {"the_order_of_the_database_changes_no_bit", the_order_of_the_database_changes_no_bit},
        {"queries_of_every_block_are_counted_to_the_last", queries_of_every_block_are_counted_to_the_last},
        {"gathered_pieces_are_the_whole_in_rank_order", gathered_pieces_are_the_whole_in_rank_order},
        {"sets_that_cannot_be_compared_are_refused_by_name",
         sets_that_cannot_be_compared_are_refused_by_name},
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}

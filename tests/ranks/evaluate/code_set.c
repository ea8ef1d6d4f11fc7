/* Sets of codes in pieces, with labels of more than one word. */
#include "mpi/evaluate/code_set.h"

#include <string.h>

#include "support/ranks.h"

enum { BITS = 70, WORDS = 2, CLASSES = 40 };

/* Rank r has 3 r + (r == 0) rows: pieces of different sizes. */
static int64_t rows_of(int rank)
{
    return 3 * rank + (rank == 0);
}

static uint32_t label(int64_t row, int word)
{
    return (uint32_t)(row * 2654435761u + (uint32_t)word * 40503u + 1u);
}

static void every_rank_gets_all_words_of_codes_and_labels_in_the_order_of_ranks(struct par par)
{
    const struct bl_label_layout layout = bl_label_layout(BL_LABELS_MULTI, CLASSES);
    struct par_code_set piece = {0}, whole = {0};
    struct bl_error err = {0};
    int64_t first = 0, all = 0;
    for (int r = 0; r < par.size; r++) {
        first += r < par.rank ? rows_of(r) : 0;
        all += rows_of(r);
    }
    CHECK(par_code_set_init_local(&piece, rows_of(par.rank), BITS, layout, 0, &err) == BL_OK);
    for (int64_t i = 0; i < rows_of(par.rank) * WORDS; i++) {
        piece.words[i] = (uint64_t)(first * WORDS + i) * 0x9e3779b97f4a7c15u;
        piece.labels[i] = label(first + i / WORDS, (int)(i % WORDS));
    }
    CHECK(par_code_set_gather(par, &piece, &whole, &err) == BL_OK);
    CHECK(whole.set.rows == all && whole.set.bits == BITS && whole.set.label_layout.words == WORDS);
    for (int64_t i = 0; i < all * WORDS; i++) {
        CHECK(whole.words[i] == (uint64_t)i * 0x9e3779b97f4a7c15u);
        CHECK(whole.labels[i] == label(i / WORDS, (int)(i % WORDS)));
    }
    par_code_set_free(&piece);
    par_code_set_free(&whole);
}

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        {"every_rank_gets_all_words_of_codes_and_labels_in_the_order_of_ranks",
         every_rank_gets_all_words_of_codes_and_labels_in_the_order_of_ranks},
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}

#include "loss/similarity.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "loss/objective.h"

enum { N = 300, GROUPS = 23, WORDS_MAX = 6 };

static struct bl_objective objective;
static struct bl_product product;
static struct bl_batch batch;
static struct bl_columns columns;
static int32_t lists[N * WORDS_MAX]; /* [N, words] as they were drawn */
static uint32_t packed[N * WORDS_MAX];

/* Lists of up to `words` groups: some short, some empty, some with a group twice, in no order. */
static void enter_groups(int64_t words)
{
    const struct bl_config_objective config = {.pairwise_weight = 1.0,
                                               .pairwise_similarity = BL_SIMILARITY_GROUP,
                                               .pairwise_balance = BL_BALANCE_BALANCED};
    struct bl_label_layout layout = bl_group_layout(words);
    struct bl_error err = {0};
    struct bl_layout network = {0};
    bl_layout_append(&network, "weight", 1, 8, 1);
    bl_layout_append(&network, "bias", 0, 8, 1);
    network.n_network = network.n_params;
    layout.classes = GROUPS;
    for (int64_t at = 0; at < N * words; at++) {
        uint64_t random[4];
        bl_rng_words(17, 96, (uint64_t)at, 0, 0, random);
        const int64_t row = at / words;
        lists[at] = row % 41 == 5 || random[0] % 3 == 0 ? -1 : (int32_t)(random[1] % GROUPS);
        if (at % words > 0 && random[2] % 5 == 0)
            lists[at] = lists[at - 1];
        packed[at] = (uint32_t)lists[at];
    }
    for (int64_t i = 0; i < N; i++)
        bl_group_pack(layout, packed + i * words);
    cr_assert_eq(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL), 0);
    cr_assert_eq(bl_objective_init(&objective, &config, &network, layout, N, N, &product, &err), 0, "%s",
                 err.what);
    batch =
        (struct bl_batch){.n_global = N, .n_local = N, .bits = 8, .label_layout = layout, .labels = packed};
    columns = (struct bl_columns){.n = N, .labels = packed};
}

static void leave_groups(void)
{
    bl_objective_free(&objective);
    bl_product_free(&product);
    cr_assert_eq(bl_alloc_live(), 0);
}

static float naive(int64_t words, int64_t i, int64_t j)
{
    for (int64_t a = 0; a < words; a++)
        for (int64_t b = 0; b < words; b++)
            if (lists[i * words + a] >= 0 && lists[i * words + a] == lists[j * words + b])
                return 1.0f;
    return 0.0f;
}

static void prepare(void)
{
    bl_similarity_prepare(BL_SIMILARITY_GROUP, batch.label_layout, &columns, &objective.scratch);
}

static void row(int64_t i, int64_t lo, int64_t hi, float *out)
{
    bl_similarity_row(BL_SIMILARITY_GROUP, &batch, &columns, &objective.scratch, i, lo, hi, out);
}

static double sum_of(int64_t first, int64_t n)
{
    struct bl_batch part = batch;
    part.first = first;
    part.n_local = n;
    return bl_similarity_sum(BL_SIMILARITY_GROUP, &part, &columns, &objective.scratch);
}

static void check_rows(int64_t words)
{
    const int64_t edges[] = {0, 1, 63, 64, 200, N};
    float s[N];
    enter_groups(words);
    prepare();
    for (int64_t i = 0; i < N; i++)
        for (int e = 0; e < 5; e++) {
            memset(s, 0xff, sizeof s);
            row(i, edges[e], edges[e + 1], s);
            for (int64_t j = edges[e]; j < edges[e + 1]; j++)
                cr_assert_eq(s[j - edges[e]], naive(words, i, j), "words %d, rows %d and %d", (int)words,
                             (int)i, (int)j);
        }
    leave_groups();
}

Test(similarity, of_groups_is_one_where_two_rows_share_one)
{
    check_rows(1);
    check_rows(2);
    check_rows(WORDS_MAX);
}

/* The columns are the rows from behind, as a memory of codes has them in an order of its own. */
static void turn_columns(int64_t words)
{
    static uint32_t turned[N * WORDS_MAX], place[N];
    for (int64_t i = 0; i < N; i++) {
        memcpy(turned + (N - 1 - i) * words, packed + i * words, (size_t)words * sizeof *turned);
        place[i] = (uint32_t)(N - 1 - i);
    }
    columns = (struct bl_columns){.n = N, .labels = turned, .place = place};
}

static void check_sum(int64_t words)
{
    double expected = 0.0, head = 0.0;
    enter_groups(words);
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            expected += i == j ? 0.0 : (double)naive(words, i, j);
            head += i == j || i >= 100 ? 0.0 : (double)naive(words, i, j);
        }
    cr_assert_gt(head, 0.0);
    for (int turned = 0; turned < 2; turned++) {
        if (turned)
            turn_columns(words);
        prepare();
        cr_assert_eq(sum_of(0, N), expected);
        cr_assert_eq(sum_of(0, 100), head);
        cr_assert_eq(sum_of(0, 100) + sum_of(100, N - 100), expected);
    }
    leave_groups();
}

Test(similarity, of_groups_adds_up_to_the_number_of_pairs_that_share_any)
{
    check_sum(1);
    check_sum(2);
    check_sum(WORDS_MAX);
}

static void refuse(int similarity, struct bl_label_layout layout, const char *text)
{
    struct bl_error err = {0};
    cr_assert_eq(bl_similarity_check(similarity, layout, &err), BL_USAGE);
    cr_assert(strstr(err.what, text), "%s", err.what);
}

Test(similarity, goes_by_groups_where_there_are_groups_and_by_labels_where_there_are_labels)
{
    const struct bl_label_layout single = bl_label_layout(BL_LABELS_SINGLE, 3),
                                 none = bl_label_layout(BL_LABELS_NONE, 0);
    struct bl_error err = {0};
    refuse(BL_SIMILARITY_GROUP, single, "similarity: group needs groups");
    refuse(BL_SIMILARITY_GROUP, none, "similarity: group needs groups");
    refuse(BL_SIMILARITY_LABEL, none, "needs labels");
    refuse(BL_SIMILARITY_LABEL, bl_group_layout(1), "similarity to group");
    refuse(BL_SIMILARITY_JACCARD, bl_group_layout(4), "similarity to group");
    cr_assert_eq(bl_similarity_check(BL_SIMILARITY_GROUP, bl_group_layout(4), &err), BL_OK);
}

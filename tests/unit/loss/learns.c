#include <criterion/criterion.h>
#include <string.h>

#include "loss/objective.h"

static struct bl_error err;
static const struct bl_label_count none = {.kind = BL_LABELS_NONE, .rows = 100, .none = 100};
static const struct bl_label_count six = {
    .kind = BL_LABELS_SINGLE, .rows = 100, .distinct = 6, .highest = 5, .most = 20};

static void expect_learns(const struct bl_config_objective *config, int64_t bits,
                          const struct bl_label_count *count)
{
    cr_assert_eq(bl_objective_check_learns(config, bits, count, &err), BL_OK, "%s", err.what);
}

static void expect_refused(const struct bl_config_objective *config, int64_t bits,
                           const struct bl_label_count *count, const char *text)
{
    cr_assert_eq(bl_objective_check_learns(config, bits, count, &err), BL_USAGE);
    cr_assert(strstr(err.what, text), "'%s' is not in: %s", text, err.what);
}

Test(learns, an_objective_that_a_constant_code_minimises_is_refused)
{
    const struct bl_config_objective quantization = {.quantization_weight = 1.0};
    const struct bl_config_objective decayed = {.quantization_weight = 1.0, .weight_decay_weight = 0.1};
    const struct bl_config_objective orthonormal = {.quantization_weight = 1.0, .independence_weight = 0.1};
    expect_refused(&quantization, 16, &none, "only quantization has a weight; set objective.preset to dh");
    expect_refused(&decayed, 16, &none, "only quantization and weight_decay");
    expect_refused(&orthonormal, 16, &none, "only quantization and independence");
    expect_refused(&quantization, 16, &six, "only quantization");
}

Test(learns, one_term_that_tells_rows_apart_is_enough)
{
    const struct bl_config_objective balance = {.quantization_weight = 1.0, .balance_weight = 0.1};
    const struct bl_config_objective decorrelation = {.decorrelation_weight = 1.0};
    const struct bl_config_objective centers = {.centers_weight = 1.0};
    expect_learns(&balance, 16, &none);
    expect_learns(&decorrelation, 2, &none);
    expect_refused(&decorrelation, 1, &none, "only decorrelation");
    expect_learns(&centers, 16, &six);
}

Test(learns, pairs_without_dissimilar_ones_are_refused)
{
    struct bl_config_objective pairs = {
        .pairwise_weight = 1.0, .pairwise_balance = BL_BALANCE_EXPLICIT, .pairwise_similar_weight = 1.0};
    expect_refused(&pairs, 16, &six, "only pairwise");
    pairs.pairwise_dissimilar_weight = 0.5;
    expect_learns(&pairs, 16, &six);
}

Test(learns, terms_of_labels_need_two_classes_among_the_training_rows)
{
    struct bl_label_count count = six;
    const struct bl_config_objective pairs = {.pairwise_weight = 1.0}, cosine = {.cosine_weight = 1.0};
    const struct bl_config_objective dh = {.quantization_weight = 1.0, .balance_weight = 0.5};
    count.distinct = 2;
    expect_learns(&pairs, 16, &count);
    count.distinct = 1;
    count.none = 40;
    count.lowest = 1;
    expect_refused(&pairs, 16, &count,
                   "the term pairwise needs rows that differ in their labels, and the "
                   "training rows have 1 class, 40 rows without one (-1)");
    expect_refused(&cosine, 16, &count, "the term cosine needs rows that differ");
    expect_learns(&dh, 16, &count);
}

Test(learns, one_group_of_all_rows_is_refused_and_one_of_some_is_not)
{
    const struct bl_config_objective pairs = {.pairwise_weight = 1.0};
    struct bl_label_count count = {
        .kind = BL_LABELS_GROUPS, .rows = 100, .columns = 1, .distinct = 1, .most = 100};
    expect_refused(&pairs, 16, &count, "all rows are in one group");
    count.none = 60;
    count.most = 40;
    expect_learns(&pairs, 16, &count);
    count.distinct = 0;
    expect_refused(&pairs, 16, &count, "no row has a label");
}

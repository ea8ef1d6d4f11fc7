#include <criterion/criterion.h>
#include <math.h>

#include "base/buffer.h"
#include "hash/health.h"

static struct bl_code_health health_of(const uint64_t *words, int64_t rows, int64_t bits,
                                       struct bl_label_layout layout, const uint32_t *labels)
{
    struct bl_error err = {0};
    struct bl_code_health health;
    cr_assert_eq(bl_code_health(words, rows, bits, layout, labels, &health, &err), BL_OK);
    cr_assert_eq(bl_alloc_live(), 0);
    return health;
}

static const struct bl_label_layout none;

Test(health, equal_codes_are_one_code_of_constant_bits)
{
    const uint64_t words[] = {5, 5, 5, 5};
    struct bl_code_health health = health_of(words, 4, 3, none, NULL);
    cr_assert_eq(health.distinct, 1);
    cr_assert_eq(health.top_two, 1.0);
    cr_assert_eq(health.bit_balance_worst, 0.5);
    cr_assert_eq(health.bit_balance_mean, 0.5);
    cr_assert_eq(health.class_codes, -1);
    cr_assert_eq(health.classes, -1);
}

Test(health, the_two_commonest_codes_are_counted_wherever_they_stand)
{
    const uint64_t words[] = {1, 2, 3, 1, 2, 1, 7, 0, 2, 1};
    struct bl_code_health health = health_of(words, 10, 3, none, NULL);
    cr_assert_eq(health.distinct, 5);
    cr_assert_float_eq(health.top_two, 0.7, 1e-15);
}

/* Codes of every order of their numbers: each of the two may be met first, last, or between rarer ones. */
Test(health, the_two_commonest_codes_are_counted_in_any_order)
{
    static const int times[6][3] = {{1, 2, 4}, {1, 4, 2}, {2, 1, 4}, {2, 4, 1}, {4, 1, 2}, {4, 2, 1}};
    for (int order = 0; order < 6; order++) {
        uint64_t words[7];
        int64_t rows = 0;
        for (uint64_t code = 0; code < 3; code++)
            for (int i = 0; i < times[order][code]; i++)
                words[rows++] = code;
        cr_assert_float_eq(health_of(words, rows, 3, none, NULL).top_two, 6.0 / 7.0, 1e-15, "order %d",
                           order);
    }
}

Test(health, the_worst_bit_is_the_least_balanced)
{
    const uint64_t words[] = {1, 0, 3, 2}; /* bit 0 and 1 balanced, bit 2 never set */
    struct bl_code_health health = health_of(words, 4, 3, none, NULL);
    cr_assert_float_eq(health.bit_balance_worst, 0.5, 1e-15);
    cr_assert_float_eq(health.bit_balance_mean, 0.5 / 3, 1e-15);
}

Test(health, majority_codes_count_half_as_a_one_and_leave_out_unlabelled_rows)
{
    const uint64_t words[] = {3, 0, 3, 3, 9, 8};
    const uint32_t labels[] = {70, 70, 4, 4, (uint32_t)BL_UNLABELLED, 5};
    struct bl_code_health health = health_of(words, 6, 4, bl_label_layout(BL_LABELS_SINGLE, 0), labels);
    cr_assert_eq(health.classes, 3);
    cr_assert_eq(health.class_codes, 2); /* 3 of classes 70 and 4; 8 of class 5 */
}

Test(health, codes_that_differ_in_the_last_word_alone_are_different)
{
    const uint64_t words[] = {1, 2, 3, 1, 2, 4};
    cr_assert_eq(health_of(words, 2, 192, none, NULL).distinct, 2);
}

Test(health, no_rows_is_no_division_by_zero)
{
    struct bl_code_health health = health_of(NULL, 0, 8, none, NULL);
    cr_assert_eq(health.distinct, 0);
    cr_assert_eq(health.top_two, 0.0);
    cr_assert_eq(health.bit_balance_worst, 0.0);
}

Test(health, bits_that_go_together_or_against_each_other_are_correlated)
{
    const uint64_t words[] = {0, 3, 0, 7}; /* bits 0 and 1 are one; bit 2 is set once */
    struct bl_code_health health = health_of(words, 4, 3, none, NULL);
    cr_assert_float_eq(health.bit_correlation_worst, 1.0, 1e-15);
    cr_assert_float_eq(health.bit_correlation_mean, (1.0 + 2.0 / sqrt(3.0)) / 3.0, 1e-15);
    const uint64_t opposite[] = {1, 2, 1, 2, 1};
    cr_assert_float_eq(health_of(opposite, 5, 2, none, NULL).bit_correlation_mean, 1.0, 1e-15);
}

Test(health, all_four_pairs_of_bits_are_independent_and_a_constant_bit_counts_nothing)
{
    uint64_t words[128];
    for (uint64_t i = 0; i < 128; i++) /* more rows than a word has bits */
        words[i] = (i & 3u) | 4u;
    struct bl_code_health health = health_of(words, 128, 3, none, NULL);
    cr_assert_eq(health.bit_correlation_worst, 0.0);
    cr_assert_eq(health.bit_correlation_mean, 0.0);
}

Test(health, bits_of_which_no_two_vary_have_no_correlation)
{
    const uint64_t words[4] = {5, 5, 5, 5}, one_bit[4] = {0, 1, 0, 1}, half[4] = {4, 5, 4, 5};
    cr_assert(isnan(health_of(words, 4, 3, none, NULL).bit_correlation_mean));
    cr_assert(isnan(health_of(half, 4, 3, none, NULL).bit_correlation_worst));
    cr_assert(isnan(health_of(one_bit, 4, 1, none, NULL).bit_correlation_mean));
}

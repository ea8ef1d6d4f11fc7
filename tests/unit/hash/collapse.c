#include <criterion/criterion.h>
#include <string.h>

#include "hash/collapse.h"

/* Codes of ten classes that are in use. */
static struct bl_code_health healthy(void)
{
    return (struct bl_code_health){.rows = 1000,
                                   .distinct = 300,
                                   .top_two = 0.2,
                                   .class_codes = 10,
                                   .classes = 10,
                                   .bit_balance_worst = 0.4,
                                   .bit_balance_mean = 0.1,
                                   .bit_correlation_worst = 0.9,
                                   .bit_correlation_mean = 0.3};
}

static void expect_cause(const struct bl_config_objective *objective, struct bl_code_health health,
                         const char *words)
{
    const char *cause = bl_collapse_cause(objective, &health);
    cr_assert(cause && strstr(cause, words), "'%s' is not in %s", words, cause ? cause : "nothing");
}

static const struct bl_config_objective likelihood = {.pairwise_weight = 1.0, .quantization_weight = 0.1};

Test(collapse, is_not_seen_in_codes_that_are_in_use_or_of_two_classes)
{
    struct bl_code_health health = healthy();
    cr_assert_null(bl_collapse_cause(&likelihood, &health));
    health.classes = health.class_codes = 2;
    health.top_two = 0.99;
    health.bit_correlation_mean = 1.0;
    cr_assert_null(bl_collapse_cause(&likelihood, &health));
}

Test(collapse, of_two_classes_on_one_code_is_seen_and_of_one_class_is_none)
{
    struct bl_code_health health = healthy();
    health.classes = 2;
    health.class_codes = 1;
    cr_assert(bl_codes_have_collapsed(&health));
    health.classes = 1;
    cr_assert_not(bl_codes_have_collapsed(&health));
}

Test(collapse, is_seen_without_classes)
{
    struct bl_code_health health = healthy();
    health.classes = health.class_codes = -1;
    cr_assert_not(bl_codes_have_collapsed(&health));
    health.top_two = 1.0;
    cr_assert(bl_codes_have_collapsed(&health));
}

Test(collapse, by_the_literal_form_is_named)
{
    const struct bl_config_objective literal = {.pairwise_weight = 1.0, .pairwise_form = BL_FORM_LITERAL};
    struct bl_code_health health = healthy();
    health.class_codes = 2;
    expect_cause(&literal, health, "form: literal");
    expect_cause(&likelihood, health, "optimizer.lr");
}

Test(collapse, to_constant_bits_is_laid_to_quantization)
{
    const struct bl_config_objective unsupervised = {.quantization_weight = 1.0, .balance_weight = 0.01};
    struct bl_code_health health = healthy();
    health.bit_balance_mean = 0.48;
    expect_cause(&unsupervised, health, "objective.terms.balance");
}

Test(collapse, to_copies_of_a_bit_asks_for_decorrelation)
{
    struct bl_config_objective unsupervised = {.quantization_weight = 1.0, .balance_weight = 1.0};
    struct bl_code_health health = healthy();
    health.classes = health.class_codes = -1;
    health.bit_correlation_mean = 0.97;
    expect_cause(&unsupervised, health, "objective.terms.decorrelation");
    unsupervised.decorrelation_weight = 1.0;
    expect_cause(&unsupervised, health, "optimizer.lr");
}

Test(collapse, of_rows_without_classes_shows_in_the_commonest_codes)
{
    struct bl_code_health health = healthy();
    health.classes = health.class_codes = -1;
    cr_assert_null(bl_collapse_cause(&likelihood, &health));
    health.top_two = 0.95;
    expect_cause(&likelihood, health, "same codes");
}

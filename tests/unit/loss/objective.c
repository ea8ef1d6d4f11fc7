#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "hash/code.h"
#include "loss/objective.h"
#include "loss/pair_form.h"
#include "loss/similarity.h"
#include "support/objective.h"
#include "support/pairs.h"

static struct bl_config_objective base(void)
{
    return (struct bl_config_objective){.relaxation = BL_RELAXATION_TANH,
                                        .pairwise_weight = 1.0,
                                        .pairwise_form = BL_FORM_LIKELIHOOD,
                                        .pairwise_similarity = BL_SIMILARITY_LABEL,
                                        .pairwise_balance = BL_BALANCE_BALANCED,
                                        .pairwise_soft_weight = 0.3,
                                        .gamma = 1.5,
                                        .quantization_weight = 0.1};
}

static void check_value(struct bl_config_objective config, int multi, int64_t n)
{
    static double gradient[N * K];
    struct fixture f;
    double difference = 0.0, norm = 0.0, gap = 1.0;
    config.quantization_weight = 0.0;
    fixture_init(&f, config, multi, n);
    memset(gradient, 0, sizeof gradient);
    /* Losses are of order 1 and may cancel (literal: they have two signs), so the error is absolute. */
    double value = fixture_total(&f, 1.0, 0), expected = pairs_definition(&f, gradient, &gap);
    cr_assert_float_eq(value, expected, 1e-6, "%.9g %.9g", value, expected);
    for (int64_t i = 0; i < n * K; i++) {
        difference += pow((double)f.dh[i] - gradient[i], 2.0);
        norm += gradient[i] * gradient[i];
    }
    /* cauchy: 1 - cos, rounded to 1e-7, stands below the line. */
    const double bound = config.pairwise_form == BL_FORM_CAUCHY ? 1e-6 + 1e-7 / gap : 1e-6;
    cr_assert_lt(sqrt(difference / norm), bound, "form %d: %g", config.pairwise_form,
                 sqrt(difference / norm));
    fixture_free(&f);
    cr_assert_eq(bl_alloc_live(), 0);
}

static int is_soft(int similarity)
{
    return similarity == BL_SIMILARITY_JACCARD || similarity == BL_SIMILARITY_COSINE;
}

Test(objective, pairwise_equals_its_definition_pair_by_pair_for_every_form_and_weight)
{
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++)
        for (int balance = BL_BALANCE_NONE; balance <= BL_BALANCE_EXPLICIT; balance++) {
            struct bl_config_objective config = base();
            config.pairwise_form = form;
            config.pairwise_balance = balance;
            config.pairwise_similar_weight = 3.0;
            config.pairwise_dissimilar_weight = 0.5;
            check_value(config, 0, N);
            if (balance != BL_BALANCE_BALANCED)
                continue;
            config.pairwise_similarity =
                bl_pair_form(form)->soft ? BL_SIMILARITY_COSINE : BL_SIMILARITY_SHARED;
            check_value(config, 1, N);
        }
}

/* And for every similarity, in turn. */
Test(objective, pairwise_equals_its_definition_against_a_memory_of_codes)
{
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++)
        for (int balance = BL_BALANCE_NONE; balance <= BL_BALANCE_EXPLICIT; balance++) {
            struct bl_config_objective config = base();
            config.pairwise_against = BL_AGAINST_MEMORY;
            config.pairwise_form = form;
            config.pairwise_balance = balance;
            config.pairwise_similar_weight = 3.0;
            config.pairwise_dissimilar_weight = 0.5;
            check_value(config, 0, 140);
            config.pairwise_similarity =
                bl_pair_form(form)->soft ? BL_SIMILARITY_SHARED + balance : balance % 2;
            check_value(config, 1, 140);
        }
}

Test(objective, pairwise_margin_decides_which_dissimilar_pairs_count)
{
    for (int margin = 1; margin <= 21; margin += 10) {
        struct bl_config_objective config = base();
        config.pairwise_form = BL_FORM_CONTRASTIVE;
        config.pairwise_margin = (double)margin / 2.0;
        check_value(config, 0, N);
    }
}

Test(objective, gradient_equals_central_differences_for_every_form_and_weight)
{
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++)
        for (int balance = BL_BALANCE_NONE; balance <= BL_BALANCE_EXPLICIT; balance++) {
            struct bl_config_objective config = base();
            config.pairwise_form = form;
            config.pairwise_balance = balance;
            config.pairwise_similar_weight = 3.0;
            config.pairwise_dissimilar_weight = 0.5;
            fixture_check_gradient(config, 0, 1.0);
        }
}

Test(objective, gradient_equals_central_differences_for_soft_similarities)
{
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++)
        for (int similarity = BL_SIMILARITY_SHARED; similarity <= BL_SIMILARITY_COSINE; similarity++) {
            struct bl_config_objective config = base();
            config.pairwise_form = form;
            config.pairwise_similarity = similarity;
            if (bl_pair_form(form)->soft || !is_soft(similarity))
                fixture_check_gradient(config, 1, 1.0);
        }
}

Test(objective, gradient_equals_central_differences_against_a_memory_of_codes)
{
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++) {
        struct bl_config_objective config = base();
        config.pairwise_form = form;
        config.pairwise_against = BL_AGAINST_MEMORY;
        fixture_check_gradient_of(8, config, 0, 1.0);
    }
}

Test(objective, gradient_equals_central_differences_with_a_steeper_tanh)
{
    struct bl_config_objective config = base();
    config.relaxation = BL_RELAXATION_TANH_BETA;
    fixture_check_gradient(config, 0, 2.5);
}

Test(objective, straight_through_puts_the_gradient_of_the_signs_in_h)
{
    struct bl_config_objective config = base();
    config.relaxation = BL_RELAXATION_STE;
    config.quantization_weight = 0.0;
    struct fixture f, g;
    fixture_init(&f, config, 0, 60);
    fixture_total(&f, 1.0, 0);
    for (int i = 0; i < 60 * K; i++)
        cr_assert_eq(f.codes[i], bl_code_sign(f.z[i]));
    /* The same gradient as that of codes which are h = sign(z) themselves: tanh of a large number. */
    config.relaxation = BL_RELAXATION_TANH;
    fixture_init(&g, config, 0, 60);
    for (int i = 0; i < 60 * K; i++)
        g.z[i] = 50.0f * bl_code_sign(f.z[i]);
    fixture_total(&g, 1.0, 0);
    for (int i = 0; i < 60 * K; i++)
        cr_assert_float_eq((double)f.dh[i], (double)g.dh[i], 1e-7);
    fixture_free(&g);
    fixture_free(&f);
}

/* As ranks with different rows do, and as one rank with groups does: the same bits. */
static void check_parts(struct bl_config_objective config, int multi)
{
    enum { PARTS = 4 };
    static const int64_t cuts[PARTS + 1] = {0, 1, 130, 700, N};
    struct fixture f;
    fixture_init(&f, config, multi, N);
    fixture_total(&f, 1.0, 0);
    float *whole;
    bl_alloc(&whole, N * K, sizeof(float), "whole", NULL);
    double values[PARTS * BL_TERMS_MAX], part[BL_TERMS_MAX];
    const struct bl_objective_out all_out = {.dh = f.dh, .values = values};
    const struct bl_objective_out part_out = {.dh = f.dh, .values = part};
    const struct bl_groups groups = {.n = PARTS, .end = cuts + 1};
    struct bl_batch batch = fixture_batch(&f, 0, N);
    bl_objective_sums(&f.objective, &batch, &groups);
    bl_objective_rows(&f.objective, &batch, &groups, NULL, &all_out);
    memcpy(whole, f.dh, N * K * sizeof(float));
    for (int c = 0; c < PARTS; c++) {
        const int64_t n = cuts[c + 1] - cuts[c];
        const struct bl_groups one = {.first = c, .n = 1, .end = &n};
        batch = fixture_batch(&f, cuts[c], n);
        bl_objective_rows(&f.objective, &batch, &one, NULL, &part_out);
        cr_assert_eq(memcmp(f.dh, whole + cuts[c] * K, (size_t)(n * K) * sizeof(float)), 0);
        cr_assert_eq(memcmp(part, values + c * BL_TERMS_MAX, sizeof part), 0);
    }
    bl_free(&whole);
    fixture_free(&f);
}

/* Terms of classes, without tensors of their own. */
static struct bl_config_objective class_wise(void)
{
    struct bl_config_objective config = alone();
    config.centers_weight = 0.5;
    config.cosine_weight = 1.0;
    config.cosine_scale = 8.0;
    config.quantization_weight = 0.1;
    config.quantization_form = BL_QUANTIZATION_LOG_COSH;
    return config;
}

Test(objective, gives_a_row_the_same_bits_whoever_holds_it)
{
    check_parts(base(), 0);
    check_parts(class_wise(), 0);
    check_parts(class_wise(), 1);
}

static void check_threads(struct bl_config_objective config, int multi)
{
    struct fixture one, three;
    fixture_init(&one, config, multi, N);
    fixture_init(&three, config, multi, N);
    fixture_threads(&three, 3);
    cr_assert_eq(fixture_total(&one, 1.0, 1), fixture_total(&three, 1.0, 1));
    cr_assert_eq(memcmp(one.dh, three.dh, N * K * sizeof(float)), 0);
    fixture_free(&three);
    fixture_free(&one);
}

Test(objective, gives_the_same_bits_with_any_number_of_threads)
{
    check_threads(base(), 0);
    check_threads(class_wise(), 0);
    check_threads(class_wise(), 1);
}

Test(objective, costs_log_2_where_all_codes_are_zero)
{
    for (int balance = BL_BALANCE_NONE; balance <= BL_BALANCE_BALANCED; balance++) {
        struct bl_config_objective config = base();
        config.pairwise_balance = balance;
        config.quantization_weight = 0.0;
        struct fixture f;
        fixture_init(&f, config, 0, 200);
        memset(f.z, 0, 200 * K * sizeof(float));
        cr_assert_float_eq(fixture_total(&f, 1.0, 0), log(2.0), 1e-6);
        fixture_free(&f);
    }
}

Test(objective, allocates_nothing_in_a_step)
{
    struct fixture f;
    fixture_init(&f, base(), 0, 300);
    int64_t before = bl_alloc_count();
    for (int i = 0; i < 10; i++)
        fixture_total(&f, 1.0, 1);
    cr_assert_eq(bl_alloc_count(), before);
    fixture_free(&f);
}

Test(objective, refuses_a_similarity_that_the_labels_cannot_give)
{
    struct bl_objective objective;
    struct bl_error err = {0};
    struct bl_config_objective config = base();
    const struct bl_product product = {.threads = 1};
    const struct bl_layout network = fixture_network();
    const struct bl_label_layout single = bl_label_layout(BL_LABELS_SINGLE, 3);
    const struct bl_label_layout none = bl_label_layout(BL_LABELS_NONE, 0);
    config.pairwise_similarity = BL_SIMILARITY_JACCARD;
    cr_assert_eq(bl_objective_init(&objective, &config, &network, single, 4, 4, &product, &err), BL_USAGE);
    cr_assert(strstr(err.what, "similarity"));
    cr_assert_eq(bl_objective_init(&objective, &config, &network, none, 4, 4, &product, &err), BL_USAGE);
    cr_assert(strstr(err.what, "needs labels"));
}

/* Powers of two, so that factors cost no digits. */
static const struct bl_pair_factors some_factors = {.similar = 2.0f,
                                                    .dissimilar = 0.5f,
                                                    .alpha = 0.5f,
                                                    .slope = 4.0f,
                                                    .bits = 64.0f,
                                                    .margin = 100.37f,
                                                    .gamma = 16.0f,
                                                    .soft = 0.25f};

/* What rounding in the input of the form's last function may cost: 4e-7 of that input's size. */
static double condition(int form, const struct bl_pair *pair)
{
    if (form == BL_FORM_CONTRASTIVE)
        return 128.0;
    if (form != BL_FORM_CAUCHY)
        return form == BL_FORM_MIXED ? 16.0 : fmax(1.0, fabs(pair->alpha * pair->product));
    return 1.0 + 1.0 / pairs_gap(pair);
}

/* Products from one end of the codes of 64 bits with lengths 8 and 4 to the other. */
static void check_kernel(int form, float similarity, int certain)
{
    struct bl_pair_factors factors = some_factors;
    factors.certain = certain;
    enum { COUNT = 4001 };
    static float product[COUNT], lengths[COUNT], s[COUNT], own[COUNT];
    const struct bl_pair_form *row_form = bl_pair_form(form);
    const int inverse = row_form->length == BL_LENGTH_INVERSE;
    struct bl_pair_row row = {.n = COUNT,
                              .length = inverse ? 0.125f : 64.0f,
                              .lengths = lengths,
                              .product = product,
                              .s = s,
                              .own = own};
    for (int i = 0; i < COUNT; i++) {
        product[i] = ((float)i - 2000.0f) * 0.016f;
        lengths[i] = inverse ? 0.25f : 16.0f;
        s[i] = similarity;
    }
    const struct bl_pair_row whole = row;
    const double sum = row_form->kernel(&factors, &whole);
    double sum_of_single = 0.0, sum_of_naive = 0.0, bounds = 0.0;
    for (int i = 0; i < COUNT; i++) {
        const struct bl_pair pair = {.product = (double)(((float)i - 2000.0f) * 0.016f),
                                     .square_i = 64.0,
                                     .square_j = 16.0,
                                     .s = (double)similarity,
                                     .bits = 64.0,
                                     .alpha = 0.5,
                                     .margin = (double)100.37f,
                                     .gamma = 16.0,
                                     .soft = 0.25};
        double a, b;
        const double loss = row_form->naive(&pair, &a, &b),
                     w = (double)factors.dissimilar + pair.s * (double)(factors.similar - factors.dissimilar);
        const double per_slope = row_form->alpha_bits > 0.0 ? 4.0 / 0.5 : form == BL_FORM_LITERAL ? 8.0 : 4.0;
        const double bound = 4e-7 * w * condition(form, &pair);
        float one = (float)pair.product, one_own;
        row.n = 1, row.lengths = lengths + i, row.product = &one, row.own = &one_own;
        const double seen = row_form->kernel(&factors, &row);
        cr_assert_float_eq(seen, w * loss, bound, "form %d p %g", form, pair.product);
        cr_assert_eq(one, product[i], "the same wherever in a row it stands");
        sum_of_single += seen;
        sum_of_naive += w * loss;
        bounds += bound;
        cr_assert_float_eq((double)product[i] / per_slope, w * a, bound, "form %d p %g", form, pair.product);
        if (row_form->length != BL_LENGTH_NONE)
            cr_assert_float_eq((double)own[i] / 4.0, w * b, bound, "form %d p %g", form, pair.product);
    }
    cr_assert_float_eq(sum, sum_of_naive, bounds, "form %d", form);
    if (!certain)
        cr_assert_float_eq(sum, sum_of_single, 1e-12 * fabs(sum_of_single), "form %d", form);
}

Test(objective, pair_kernel_equals_its_naive_twin_over_the_whole_range)
{
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++)
        for (int step = 0; step <= 4; step += bl_pair_form(form)->soft ? 1 : 4)
            for (int certain = 0; certain <= (step % 4 == 0); certain++)
                check_kernel(form, (float)step / 4.0f, certain);
}

Test(objective, pair_kernel_carries_nan_into_the_sum)
{
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_MIXED; form++) {
        float product[20] = {0}, s[20] = {0}, own[20] = {0}, lengths[20];
        for (int i = 0; i < 20; i++)
            lengths[i] = 1.0f;
        product[11] = NAN;
        s[11] = 0.5f;
        const struct bl_pair_row row = {
            .n = 20, .length = 1.0f, .lengths = lengths, .product = product, .s = s, .own = own};
        cr_assert(isnan(bl_pair_form(form)->kernel(&some_factors, &row)), "form %d", form);
        for (int i = 0; i < 20; i++)
            product[i] = i == 11 ? NAN : 0.0f;
        struct bl_pair_factors certain = some_factors;
        certain.certain = 1;
        cr_assert(isnan(bl_pair_form(form)->kernel(&certain, &row)), "form %d", form);
    }
}

Test(objective, beta_grows_from_its_start_to_its_cap)
{
    const struct bl_config_objective config = {.relaxation = BL_RELAXATION_TANH_BETA,
                                               .beta_start = 1.0,
                                               .beta_growth = 0.005,
                                               .beta_power = 0.5,
                                               .beta_max = 3.0};
    cr_assert_eq(bl_objective_beta(&config, 0), 1.0);
    cr_assert_float_eq(bl_objective_beta(&config, 600), 2.0, 1e-12);
    cr_assert_eq(bl_objective_beta(&config, 1000000), 3.0);
    struct bl_config_objective other = config;
    other.beta_start = 0.25;
    cr_assert_eq(bl_objective_beta(&other, 0), 0.25);
    cr_assert_float_eq(bl_objective_beta(&other, 600), 0.5, 1e-12);
    other.relaxation = BL_RELAXATION_TANH;
    cr_assert_eq(bl_objective_beta(&other, 600), 1.0);
}

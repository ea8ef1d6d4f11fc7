#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "hash/code.h"
#include "loss/objective.h"
#include "loss/pair_kernel.h"
#include "loss/similarity.h"
#include "support/objective.h"

static struct bl_config_objective base(void)
{
    return (struct bl_config_objective){.relaxation = BL_RELAXATION_TANH,
                                        .pairwise_weight = 1.0,
                                        .pairwise_form = BL_FORM_LIKELIHOOD,
                                        .pairwise_similarity = BL_SIMILARITY_LABEL,
                                        .pairwise_balance = BL_BALANCE_BALANCED,
                                        .quantization_weight = 0.1};
}

/* s, w and the loss from their definitions, pair by pair, in double. */
static double naive_similarity(const struct fixture *f, int64_t i, int64_t j)
{
    if (f->layout.kind == BL_LABELS_SINGLE)
        return bl_label_relevant(f->layout, f->labels + i, f->labels + j);
    int common = 0, a = 0, b = 0;
    for (int w = 0; w < MULTI_WORDS; w++) {
        uint32_t x = f->labels[i * MULTI_WORDS + w], y = f->labels[j * MULTI_WORDS + w];
        common += __builtin_popcount(x & y);
        a += __builtin_popcount(x);
        b += __builtin_popcount(y);
    }
    if (common == 0)
        return 0.0;
    if (f->config.pairwise_similarity == BL_SIMILARITY_JACCARD)
        return (double)common / (a + b - common);
    if (f->config.pairwise_similarity == BL_SIMILARITY_COSINE)
        return common / sqrt((double)a * b);
    return 1.0;
}

static double naive_pairwise(const struct fixture *f)
{
    const double z = (double)f->n * (double)(f->n - 1);
    double s1 = 0.0, similar = 1.0, dissimilar = 1.0, sum = 0.0;
    for (int64_t i = 0; i < f->n; i++)
        for (int64_t j = 0; j < f->n; j++)
            s1 += i == j ? 0.0 : naive_similarity(f, i, j);
    if (f->config.pairwise_balance == BL_BALANCE_BALANCED) {
        similar = z / (2.0 * s1);
        dissimilar = z / (2.0 * (z - s1));
    } else if (f->config.pairwise_balance == BL_BALANCE_EXPLICIT) {
        double mean = (s1 * f->config.pairwise_similar + (z - s1) * f->config.pairwise_dissimilar) / z;
        similar = f->config.pairwise_similar / mean;
        dissimilar = f->config.pairwise_dissimilar / mean;
    }
    const double alpha = f->config.pairwise_form == BL_FORM_LIKELIHOOD ? 10.0 / K : 1.0;
    for (int64_t i = 0; i < f->n; i++)
        for (int64_t j = 0; j < f->n; j++) {
            double theta = 0.0, derivative, s = naive_similarity(f, i, j);
            if (i == j)
                continue;
            for (int k = 0; k < K; k++)
                theta += (double)f->codes[i * K + k] * (double)f->codes[j * K + k];
            double w = s * similar + (1.0 - s) * dissimilar;
            sum += f->config.pairwise_form == BL_FORM_LIKELIHOOD
                       ? bl_pair_likelihood_naive(alpha * theta, s, w, &derivative)
                       : bl_pair_literal_naive(alpha * theta, s, w, &derivative);
        }
    return sum / z;
}

static void check_value(struct bl_config_objective config, int multi)
{
    struct fixture f;
    config.quantization_weight = 0.0;
    fixture_init(&f, config, multi, N);
    /* Losses are of order 1 and may cancel (literal: they have two signs), so the error is absolute. */
    double value = fixture_total(&f, 1.0, 0), expected = naive_pairwise(&f);
    cr_assert_float_eq(value, expected, 1e-6, "%.9g %.9g", value, expected);
    fixture_free(&f);
    cr_assert_eq(bl_alloc_live(), 0);
}

Test(pairwise, equals_its_definition_pair_by_pair_for_every_form_weight_and_similarity)
{
    for (int balance = BL_BALANCE_NONE; balance <= BL_BALANCE_EXPLICIT; balance++) {
        struct bl_config_objective config = base();
        config.pairwise_balance = balance;
        config.pairwise_similar = 3.0;
        config.pairwise_dissimilar = 0.5;
        check_value(config, 0);
        config.pairwise_form = BL_FORM_LITERAL;
        check_value(config, 0);
        config.pairwise_form = BL_FORM_LIKELIHOOD;
        for (int similarity = BL_SIMILARITY_LABEL; similarity <= BL_SIMILARITY_COSINE; similarity++) {
            config.pairwise_similarity = similarity;
            check_value(config, 1);
        }
    }
}

Test(objective, gradient_equals_central_differences_for_every_form_and_weight)
{
    for (int form = BL_FORM_LIKELIHOOD; form <= BL_FORM_LITERAL; form++)
        for (int balance = BL_BALANCE_NONE; balance <= BL_BALANCE_EXPLICIT; balance++) {
            struct bl_config_objective config = base();
            config.pairwise_form = form;
            config.pairwise_balance = balance;
            config.pairwise_similar = 3.0;
            config.pairwise_dissimilar = 0.5;
            fixture_check_gradient(config, 0, 1.0);
        }
}

Test(objective, gradient_equals_central_differences_for_soft_similarities)
{
    for (int similarity = BL_SIMILARITY_SHARED; similarity <= BL_SIMILARITY_COSINE; similarity++) {
        struct bl_config_objective config = base();
        config.pairwise_similarity = similarity;
        fixture_check_gradient(config, 1, 1.0);
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
Test(objective, gives_a_row_the_same_bits_whoever_holds_it)
{
    enum { PARTS = 4 };
    static const int64_t cuts[PARTS + 1] = {0, 1, 130, 700, N};
    struct fixture f;
    fixture_init(&f, base(), 0, N);
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

Test(objective, gives_the_same_bits_with_any_number_of_threads)
{
    struct fixture one, three;
    fixture_init(&one, base(), 0, N);
    fixture_init(&three, base(), 0, N);
    fixture_threads(&three, 3);
    cr_assert_eq(fixture_total(&one, 1.0, 1), fixture_total(&three, 1.0, 1));
    cr_assert_eq(memcmp(one.dh, three.dh, N * K * sizeof(float)), 0);
    fixture_free(&three);
    fixture_free(&one);
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
    const struct bl_label_layout single = bl_label_layout(BL_LABELS_SINGLE, 3);
    const struct bl_label_layout none = bl_label_layout(BL_LABELS_NONE, 0);
    struct bl_layout network = {0};
    bl_layout_append(&network, "layer0/weight", 1, K, 3);
    network.n_network = network.n_params;
    config.pairwise_similarity = BL_SIMILARITY_JACCARD;
    cr_assert_eq(bl_objective_init(&objective, &config, &network, single, 4, 4, &product, &err), BL_USAGE);
    cr_assert(strstr(err.what, "similarity"));
    cr_assert_eq(bl_objective_init(&objective, &config, &network, none, 4, 4, &product, &err), BL_USAGE);
    cr_assert(strstr(err.what, "needs labels"));
}

Test(pair_kernel, equals_its_naive_twin_over_the_whole_range)
{
    /* Powers of two, so that factors cost no digits. */
    const struct bl_pair_factors factors = {2.0f, 0.5f, 0.5f, 4.0f};
    enum { COUNT = 4001 };
    float theta[COUNT], s[COUNT];
    for (int form = 0; form < 2; form++)
        for (int step = 0; step <= 4; step += form ? 4 : 1) {
            double sum = 0.0;
            for (int i = 0; i < COUNT; i++) {
                theta[i] = ((float)i - 2000.0f) * 0.04f;
                s[i] = (float)step / 4.0f;
            }
            double result = form ? bl_pair_literal(COUNT, factors, theta, s)
                                 : bl_pair_likelihood(COUNT, factors, theta, s);
            for (int i = 0; i < COUNT; i++) {
                double t = (double)(((float)i - 2000.0f) * 0.02f), y = step / 4.0, w = 0.5 + y * 1.5,
                       derivative, loss;
                loss = form ? bl_pair_literal_naive(t, y, w, &derivative)
                            : bl_pair_likelihood_naive(t, y, w, &derivative);
                sum += loss;
                cr_assert_float_eq((double)theta[i] / 4.0, derivative, 3e-7 * w, "theta %g s %g", t, y);
                cr_assert_float_eq((double)s[i], loss, 4e-7 * w * fmax(1.0, fabs(t)), "theta %g s %g", t, y);
            }
            cr_assert_float_eq(result, sum, 1e-6 * fabs(sum) + 1e-6);
        }
}

Test(pair_kernel, carries_nan_into_the_sum)
{
    float theta[20] = {0}, s[20] = {0};
    theta[11] = NAN;
    cr_assert(isnan(bl_pair_likelihood(20, (struct bl_pair_factors){1.0f, 1.0f, 1.0f, 1.0f}, theta, s)));
}

Test(beta, grows_from_its_start_to_its_cap)
{
    const struct bl_config_objective config = {.relaxation = BL_RELAXATION_TANH_BETA,
                                               .beta_start = 1.0,
                                               .beta_growth = 0.005,
                                               .beta_power = 0.5,
                                               .beta_max = 3.0};
    cr_assert_eq(bl_objective_beta(&config, 0), 1.0);
    cr_assert_float_eq(bl_objective_beta(&config, 600), 2.0, 1e-12);
    cr_assert_eq(bl_objective_beta(&config, 1000000), 3.0);
}

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

/* Two columns of tiles and a partial row tile, so that every edge of the tiling is visited. */
enum { N = 1060, K = 5, CLASSES = 4, MULTI = 37, MULTI_WORDS = 2 };

struct fixture {
    struct bl_config_objective config;
    struct bl_product product;
    struct bl_objective objective;
    struct bl_label_layout layout;
    float *z, *h, *codes, *dh;
    uint32_t *labels;
    float *own, *own_grad; /* [n_own] the terms' own tensors, and their gradient */
    int64_t n_own;
    int64_t n;
};

/* Starts of the terms' own tensors that are like nothing in particular. */
static void fill_own(struct fixture *f)
{
    struct bl_layout layout = {0};
    bl_objective_tensors(&f->config, f->layout, K, &layout);
    f->n_own = layout.n_params;
    bl_alloc(&f->own, f->n_own, sizeof(float), "own", NULL);
    bl_alloc(&f->own_grad, f->n_own, sizeof(float), "own gradient", NULL);
    for (int64_t i = 0; i < f->n_own; i++) {
        double normal[4];
        bl_rng_normal(11, 97, (uint64_t)i, 0, 0, normal);
        f->own[i] = (float)normal[0];
    }
}

static void fixture_init(struct fixture *f, struct bl_config_objective config, int multi, int64_t n)
{
    memset(f, 0, sizeof *f);
    f->config = config;
    f->n = n;
    f->layout = bl_label_layout(multi ? BL_LABELS_MULTI : BL_LABELS_SINGLE, multi ? MULTI : CLASSES);
    bl_alloc(&f->z, n * K, sizeof(float), "z", NULL);
    bl_alloc(&f->h, n * K, sizeof(float), "h", NULL);
    bl_alloc(&f->codes, n * K, sizeof(float), "codes", NULL);
    bl_alloc(&f->dh, n * K, sizeof(float), "dh", NULL);
    bl_alloc_zero(&f->labels, n * MULTI_WORDS, sizeof(uint32_t), "labels", NULL);
    for (int64_t i = 0; i < n; i++) {
        uint64_t words[4];
        bl_rng_words(5, 99, (uint64_t)i, 0, 0, words);
        if (!multi)
            f->labels[i] = i % 97 == 3 ? (uint32_t)BL_UNLABELLED : (uint32_t)(words[0] % CLASSES);
        for (int c = 0; multi && c < MULTI && i % 97 != 3; c++)
            if ((words[1] >> c & 7u) == 0)
                f->labels[i * MULTI_WORDS + c / 32] |= 1u << (c % 32);
        for (int k = 0; k < K; k++) {
            double normal[4];
            bl_rng_normal(7, 98, (uint64_t)i, (uint64_t)k, 0, normal);
            f->z[i * K + k] = (float)normal[0];
        }
    }
    fill_own(f);
    cr_assert_eq(bl_product_init(&f->product, BL_PRODUCT_CHAIN, 1, NULL), 0);
    cr_assert_eq(bl_objective_init(&f->objective, &config, K, f->layout, n, n, &f->product, NULL), 0);
}

static void fixture_free(struct fixture *f)
{
    bl_objective_free(&f->objective);
    bl_objective_free(&f->objective);
    bl_product_free(&f->product);
    bl_free(&f->z);
    bl_free(&f->h);
    bl_free(&f->codes);
    bl_free(&f->dh);
    bl_free(&f->labels);
    bl_free(&f->own);
    bl_free(&f->own_grad);
}

static struct bl_batch batch_of(const struct fixture *f, int64_t first, int64_t n_local)
{
    return (struct bl_batch){.n_global = f->n,
                             .n_local = n_local,
                             .first = first,
                             .bits = K,
                             .h = f->h + first * K,
                             .codes = f->codes,
                             .codes_stride = K,
                             .label_layout = f->layout,
                             .labels = f->labels};
}

/* Total = sum of weight x value; leaves the gradient in f->dh when wanted. */
static double total(struct fixture *f, double beta, int gradient)
{
    double values[BL_TERMS_MAX], sum = 0.0;
    const struct bl_objective_out out = {.dh = f->dh, .values = values, .grad = f->own_grad};
    bl_objective_relax(&f->objective, beta, f->z, f->n, f->h, f->codes, K);
    const struct bl_batch batch = batch_of(f, 0, f->n);
    const struct bl_groups all = {.n = 1, .end = &f->n, .n_nodes = 1};
    bl_objective_sums(&f->objective, &batch, &all);
    bl_objective_rows(&f->objective, &batch, &all, f->own, &out);
    if (gradient)
        bl_objective_dz(&f->objective, beta, f->h, f->n, f->dh);
    for (int64_t t = 0; t < f->objective.n_terms; t++)
        sum += f->objective.term[t]->weight(&f->config) * values[t];
    return sum;
}

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
    double value = total(&f, 1.0, 0), expected = naive_pairwise(&f);
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

/* Differences of a sum over a million pairs in float: a larger step and an average over several directions.
 */
static void check_differences(struct fixture *f, double beta, float *x, int64_t n, const float *gradient)
{
    double difference2 = 0.0, norm2 = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const float kept = x[i], step = 4e-3f;
        /* The code b of quantization is held: stay on one side of zero. */
        if (fabsf(kept) < 2.0f * step)
            continue;
        x[i] = kept + step;
        double up = total(f, beta, 0);
        x[i] = kept - step;
        double down = total(f, beta, 0);
        x[i] = kept;
        double numeric = (up - down) / (2.0 * (double)step);
        difference2 += (numeric - (double)gradient[i]) * (numeric - (double)gradient[i]);
        norm2 += numeric * numeric;
    }
    if (n == 0)
        return;
    cr_assert_gt(norm2, 0.0);
    cr_assert_lt(sqrt(difference2 / norm2), 2e-3, "relative difference %g", sqrt(difference2 / norm2));
}

static void check_gradient(struct bl_config_objective config, int multi, double beta)
{
    struct fixture f;
    enum { ROWS = 60 };
    fixture_init(&f, config, multi, ROWS);
    total(&f, beta, 1);
    float *gradient;
    bl_alloc(&gradient, ROWS * K + f.n_own, sizeof(float), "gradient", NULL);
    memcpy(gradient, f.dh, ROWS * K * sizeof(float));
    memcpy(gradient + ROWS * K, f.own_grad, (size_t)f.n_own * sizeof(float));
    check_differences(&f, beta, f.z, ROWS * K, gradient);
    check_differences(&f, beta, f.own, f.n_own, gradient + ROWS * K);
    bl_free(&gradient);
    fixture_free(&f);
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
            check_gradient(config, 0, 1.0);
        }
}

Test(objective, gradient_equals_central_differences_for_soft_similarities)
{
    for (int similarity = BL_SIMILARITY_SHARED; similarity <= BL_SIMILARITY_COSINE; similarity++) {
        struct bl_config_objective config = base();
        config.pairwise_similarity = similarity;
        check_gradient(config, 1, 1.0);
    }
}

Test(objective, gradient_equals_central_differences_with_a_steeper_tanh)
{
    struct bl_config_objective config = base();
    config.relaxation = BL_RELAXATION_TANH_BETA;
    check_gradient(config, 0, 2.5);
}

/* A term by itself: nothing hides behind another's larger gradient. */
static struct bl_config_objective alone(void)
{
    return (struct bl_config_objective){.relaxation = BL_RELAXATION_TANH};
}

Test(classification, gradient_equals_central_differences_for_classes_and_for_label_matrices)
{
    struct bl_config_objective config = alone();
    config.classification_weight = 0.7;
    check_gradient(config, 0, 1.0);
    check_gradient(config, 1, 1.0);
}

Test(classification, equals_its_definition)
{
    for (int multi = 0; multi < 2; multi++) {
        struct fixture f;
        struct bl_config_objective config = alone();
        config.classification_weight = 1.0;
        fixture_init(&f, config, multi, N);
        const int64_t classes = f.layout.classes;
        double value = total(&f, 1.0, 0), expected = 0.0;
        for (int64_t i = 0; i < N; i++) {
            const uint32_t *labels = f.labels + i * f.layout.words;
            double sum = 0.0, own = 0.0, mean = 0.0;
            if (!bl_label_any(f.layout, labels))
                continue;
            for (int64_t c = 0; c < classes; c++) {
                double logit = (double)f.own[classes * K + c];
                for (int64_t k = 0; k < K; k++)
                    logit += (double)f.own[c * K + k] * (double)f.h[i * K + k];
                sum += exp(logit);
                own += !multi && labels[0] == (uint32_t)c ? logit : 0.0;
                if (multi)
                    mean += log1p(exp(logit)) - (labels[c / 32] >> (c % 32) & 1u ? logit : 0.0);
            }
            expected += multi ? mean / (double)classes : log(sum) - own;
        }
        cr_assert_float_eq(value, expected / N, 1e-6, "%.9g %.9g", value, expected / N);
        fixture_free(&f);
    }
}

Test(classification, needs_labels)
{
    struct bl_objective objective;
    struct bl_error err = {0};
    struct bl_config_objective config = alone();
    const struct bl_product product = {.threads = 1};
    config.classification_weight = 1.0;
    cr_assert_eq(
        bl_objective_init(&objective, &config, K, bl_label_layout(BL_LABELS_NONE, 0), 4, 4, &product, &err),
        BL_USAGE);
    cr_assert(strstr(err.what, "classification needs labels"));
}

Test(objective, straight_through_puts_the_gradient_of_the_signs_in_h)
{
    struct bl_config_objective config = base();
    config.relaxation = BL_RELAXATION_STE;
    config.quantization_weight = 0.0;
    struct fixture f, g;
    fixture_init(&f, config, 0, 60);
    total(&f, 1.0, 0);
    for (int i = 0; i < 60 * K; i++)
        cr_assert_eq(f.codes[i], bl_code_sign(f.z[i]));
    /* The same gradient as that of codes which are h = sign(z) themselves: tanh of a large number. */
    config.relaxation = BL_RELAXATION_TANH;
    fixture_init(&g, config, 0, 60);
    for (int i = 0; i < 60 * K; i++)
        g.z[i] = 50.0f * bl_code_sign(f.z[i]);
    total(&g, 1.0, 0);
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
    total(&f, 1.0, 0);
    float *whole;
    bl_alloc(&whole, N * K, sizeof(float), "whole", NULL);
    double values[PARTS * BL_TERMS_MAX], part[BL_TERMS_MAX];
    const struct bl_objective_out all_out = {.dh = f.dh, .values = values};
    const struct bl_objective_out part_out = {.dh = f.dh, .values = part};
    const struct bl_groups groups = {.n = PARTS, .end = cuts + 1};
    struct bl_batch batch = batch_of(&f, 0, N);
    bl_objective_sums(&f.objective, &batch, &groups);
    bl_objective_rows(&f.objective, &batch, &groups, NULL, &all_out);
    memcpy(whole, f.dh, N * K * sizeof(float));
    for (int c = 0; c < PARTS; c++) {
        const int64_t n = cuts[c + 1] - cuts[c];
        const struct bl_groups one = {.first = c, .n = 1, .end = &n};
        batch = batch_of(&f, cuts[c], n);
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
    bl_objective_free(&three.objective);
    bl_product_free(&three.product);
    cr_assert_eq(bl_product_init(&three.product, BL_PRODUCT_CHAIN, 3, NULL), 0);
    cr_assert_eq(
        bl_objective_init(&three.objective, &three.config, K, three.layout, N, N, &three.product, NULL), 0);
    cr_assert_eq(total(&one, 1.0, 1), total(&three, 1.0, 1));
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
        cr_assert_float_eq(total(&f, 1.0, 0), log(2.0), 1e-6);
        fixture_free(&f);
    }
}

Test(objective, allocates_nothing_in_a_step)
{
    struct fixture f;
    fixture_init(&f, base(), 0, 300);
    int64_t before = bl_alloc_count();
    for (int i = 0; i < 10; i++)
        total(&f, 1.0, 1);
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
    config.pairwise_similarity = BL_SIMILARITY_JACCARD;
    cr_assert_eq(bl_objective_init(&objective, &config, K, single, 4, 4, &product, &err), BL_USAGE);
    cr_assert(strstr(err.what, "similarity"));
    cr_assert_eq(bl_objective_init(&objective, &config, K, none, 4, 4, &product, &err), BL_USAGE);
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

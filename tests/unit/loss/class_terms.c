#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "loss/class_codes.h"
#include "support/objective.h"

Test(class_terms, classification_gradient_equals_central_differences_for_classes_and_for_label_matrices)
{
    struct bl_config_objective config = alone();
    config.classification_weight = 0.7;
    fixture_check_gradient(config, 0, 1.0);
    fixture_check_gradient(config, 1, 1.0);
}

Test(class_terms, classification_equals_its_definition)
{
    for (int multi = 0; multi < 2; multi++) {
        struct fixture f;
        struct bl_config_objective config = alone();
        config.classification_weight = 1.0;
        fixture_init(&f, config, multi, N);
        const int64_t classes = f.layout.classes;
        double value = fixture_total(&f, 1.0, 0), expected = 0.0;
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

Test(class_terms, classification_integers_are_the_floats_gradient_to_the_grids_resolution)
{
    for (int multi = 0; multi < 2; multi++) {
        struct fixture f;
        struct bl_config_objective config = alone();
        struct bl_objective fast;
        struct bl_product product;
        double values[BL_TERMS_MAX];
        float *block;
        config.classification_weight = 1.0;
        fixture_init(&f, config, multi, N);
        fixture_total(&f, 1.0, 0);
        cr_assert_eq(bl_alloc_zero(&block, f.n_params, sizeof *block, "gradient", NULL), 0);
        cr_assert_eq(bl_product_init(&product, BL_PRODUCT_BLAS, 1, NULL), 0);
        cr_assert_eq(bl_objective_init(&fast, &config, &f.network, f.layout, N, N, &product, NULL), 0);
        const struct bl_grad floats = {.sum = block};
        const struct bl_objective_out out = {.dh = f.dh, .values = values, .grad = &floats};
        const struct bl_batch batch = fixture_batch(&f, 0, N);
        const struct bl_groups all = {.n = 1, .end = &f.n};
        bl_objective_rows(&fast, &batch, &all, f.own, &out);
        for (int64_t i = 0; i < f.n_params; i++)
            cr_assert_float_eq(block[i], i < f.network.n_network ? 0.0f : f.own_grad[i - f.network.n_network],
                               1e-6, "parameter %d", (int)i);
        bl_free(&block);
        bl_objective_free(&fast);
        bl_product_free(&product);
        fixture_free(&f);
    }
}

/* +1 or -1: bit k of what a row is drawn to, the majority of its labels' codes. */
static double naive_target(const struct fixture *f, const float *codes, int64_t row, int64_t k)
{
    const uint32_t *labels = f->labels + row * f->layout.words;
    double sum = 0.0;
    for (int64_t c = 0; c < f->layout.classes; c++)
        if (f->layout.kind == BL_LABELS_SINGLE ? labels[0] == (uint32_t)c : labels[c / 32] >> (c % 32) & 1u)
            sum += (double)codes[c * K + k];
    if (sum == 0.0)
        sum = (double)codes[f->layout.classes * K + k];
    return sum > 0.0 ? 1.0 : -1.0;
}

Test(class_terms, centers_equals_its_definition)
{
    for (int multi = 0; multi < 2; multi++) {
        struct fixture f;
        struct bl_config_objective config = alone();
        config.centers_weight = 1.0;
        fixture_init(&f, config, multi, N);
        double value = fixture_total(&f, 1.0, 0), expected = 0.0;
        for (int64_t i = 0; i < N; i++)
            for (int64_t k = 0; k < K && bl_label_any(f.layout, f.labels + i * f.layout.words); k++) {
                const double y = (naive_target(&f, f.objective.constants, i, k) + 1.0) / 2.0;
                const double p = ((double)f.h[i * K + k] + 1.0) / 2.0;
                expected -= y * log(p) + (1.0 - y) * log(1.0 - p);
            }
        cr_assert_float_eq(value, expected / (N * K), 1e-6, "%.9g %.9g", value, expected / (N * K));
        fixture_free(&f);
    }
}

Test(class_terms, centers_gradient_equals_central_differences_for_classes_and_for_label_matrices)
{
    struct bl_config_objective config = alone();
    config.centers_weight = 0.7;
    fixture_check_gradient(config, 0, 1.0);
    fixture_check_gradient(config, 1, 1.0);
}

Test(class_terms, centers_stays_finite_where_a_bit_is_saturated_on_the_wrong_side)
{
    struct bl_config_objective config = alone();
    config.centers_weight = 1.0;
    struct fixture f;
    fixture_init(&f, config, 0, 60);
    for (int i = 0; i < 60 * K; i++)
        f.z[i] *= 1e6f;
    const double value = fixture_total(&f, 1.0, 1);
    cr_assert(value > 4.0 && value < 20.0, "%g", value);
    for (int i = 0; i < 60 * K; i++)
        cr_assert(isfinite(f.dh[i]));
    fixture_free(&f);
}

Test(class_terms, cosine_equals_its_definition)
{
    for (int multi = 0; multi < 2; multi++) {
        struct fixture f;
        struct bl_config_objective config = alone();
        config.cosine_weight = 1.0;
        config.cosine_scale = 8.0;
        config.cosine_margin = 0.2;
        fixture_init(&f, config, multi, N);
        double value = fixture_total(&f, 1.0, 0), expected = 0.0;
        for (int64_t i = 0; i < N; i++) {
            const uint32_t *labels = f.labels + i * f.layout.words;
            double sum = 0.0, own = 0.0, n_own = 0.0, norm2 = 0.0;
            if (!bl_label_any(f.layout, labels))
                continue;
            for (int64_t k = 0; k < K; k++)
                norm2 += pow((double)f.h[i * K + k], 2.0);
            for (int64_t c = 0; c < f.layout.classes; c++) {
                double cosine = 0.0;
                for (int64_t k = 0; k < K; k++)
                    cosine += (double)f.h[i * K + k] * (double)f.objective.constants[c * K + k];
                cosine /= sqrt((norm2 + 1e-6 * K) * K);
                const int is_own = multi ? (int)(labels[c / 32] >> (c % 32) & 1u) : labels[0] == (uint32_t)c;
                const double logit = 8.0 * (cosine - (is_own ? 0.2 : 0.0));
                sum += exp(logit);
                own += is_own ? logit : 0.0;
                n_own += is_own;
            }
            expected += log(sum) - own / n_own;
        }
        cr_assert_float_eq(value, expected / N, 4e-6, "%.9g %.9g", value, expected / N);
        fixture_free(&f);
    }
}

Test(class_terms, cosine_gradient_equals_central_differences_for_classes_and_for_label_matrices)
{
    struct bl_config_objective config = alone();
    config.cosine_weight = 0.7;
    config.cosine_scale = 8.0;
    config.cosine_margin = 0.2;
    fixture_check_gradient(config, 0, 1.0);
    fixture_check_gradient(config, 1, 1.0);
}

Test(class_terms, cosine_is_finite_for_a_code_of_zeros)
{
    struct bl_config_objective config = alone();
    config.cosine_weight = 1.0;
    config.cosine_scale = 8.0;
    struct fixture f;
    fixture_init(&f, config, 0, 60);
    memset(f.z, 0, 60 * K * sizeof(float));
    /* All cosines are 0; two rows of the 60 have no class. */
    cr_assert_float_eq(fixture_total(&f, 1.0, 1), log((double)CLASSES) * 59.0 / 60.0, 1e-6);
    for (int i = 0; i < 60 * K; i++)
        cr_assert(isfinite(f.dh[i]));
    fixture_free(&f);
}

static void check_needs_labels(struct bl_config_objective config, const char *text)
{
    struct bl_objective objective;
    struct bl_error err = {0};
    const struct bl_product product = {.threads = 1};
    const struct bl_layout network = fixture_network();
    const struct bl_label_layout none = bl_label_layout(BL_LABELS_NONE, 0);
    cr_assert_eq(bl_objective_init(&objective, &config, &network, none, 4, 4, &product, &err), BL_USAGE);
    cr_assert(strstr(err.what, text), "%s", err.what);
}

Test(class_terms, class_wise_terms_need_labels)
{
    struct bl_config_objective config = alone();
    config.classification_weight = 1.0;
    check_needs_labels(config, "classification needs labels");
    config = alone();
    config.scatter_weight = 1.0;
    check_needs_labels(config, "scatter needs labels");
    config = alone();
    config.centers_weight = 1.0;
    check_needs_labels(config, "centers needs labels");
    config = alone();
    config.cosine_weight = 1.0;
    check_needs_labels(config, "cosine needs labels");
}

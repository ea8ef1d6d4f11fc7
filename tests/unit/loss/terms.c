#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "support/objective.h"

static void check_definition(struct bl_config_objective config, int multi,
                             double (*definition)(const struct fixture *f))
{
    struct fixture f;
    fixture_init(&f, config, multi, N);
    const double value = fixture_total(&f, 1.0, 0), expected = definition(&f);
    cr_assert_gt(fabs(expected), 1e-2);
    cr_assert_float_eq(value, expected, 1e-6, "%.9g %.9g", value, expected);
    fixture_free(&f);
}

Test(terms, quantization_under_cauchy_equals_its_definition_and_its_gradient_central_differences)
{
    struct fixture f;
    struct bl_config_objective config = alone();
    double expected = 0.0;
    config.quantization_weight = 1.0;
    config.quantization_form = BL_QUANTIZATION_CAUCHY;
    config.gamma = 1.5;
    fixture_check_gradient(config, 0, 1.0);
    fixture_init(&f, config, 0, N);
    const double value = fixture_total(&f, 1.0, 0);
    for (int64_t i = 0; i < N; i++) {
        double length = 0.0, sum = 0.0;
        for (int k = 0; k < K; k++) {
            sum += fabs((double)f.h[i * K + k]);
            length += (double)f.h[i * K + k] * (double)f.h[i * K + k];
        }
        expected += log(1.0 + K / 2.0 * (1.0 - sum / sqrt(K * length)) / config.gamma);
    }
    cr_assert_float_eq(value, expected / N, 1e-7, "%.9g %.9g", value, expected / N);
    fixture_free(&f);
}

Test(terms, quantization_equals_its_definition_and_its_gradient_central_differences_in_every_form)
{
    for (int form = BL_QUANTIZATION_SQUARED; form <= BL_QUANTIZATION_ABSOLUTE; form++) {
        struct fixture f;
        struct bl_config_objective config = alone();
        config.quantization_weight = 1.0;
        config.quantization_form = form;
        fixture_init(&f, config, 0, N);
        double value = fixture_total(&f, 1.0, 0), expected = 0.0;
        for (int64_t i = 0; i < N * K; i++) {
            const double x = fabs(fabs((double)f.h[i]) - 1.0);
            expected += form == BL_QUANTIZATION_SQUARED    ? 0.5 * x * x
                        : form == BL_QUANTIZATION_LOG_COSH ? log(cosh(x))
                        : form == BL_QUANTIZATION_ABSOLUTE ? x
                                                           : pow(x, 3.0);
        }
        cr_assert_float_eq(value, expected / (N * K), 1e-6, "%.9g %.9g", value, expected / (N * K));
        fixture_free(&f);
        fixture_check_gradient(config, 0, 1.0);
    }
}

static double mean_of_bit(const struct fixture *f, int64_t k)
{
    double sum = 0.0;
    for (int64_t i = 0; i < f->n; i++)
        sum += (double)f->h[i * K + k];
    return sum / (double)f->n;
}

static double balance_definition(const struct fixture *f)
{
    double sum = 0.0;
    for (int64_t k = 0; k < K; k++) {
        const double mean = mean_of_bit(f, k);
        for (int64_t i = 0; i < f->n; i++)
            sum += pow((double)f->h[i * K + k] - mean, 2.0);
    }
    return -sum / (2.0 * (double)f->n * K);
}

Test(terms, balance_is_the_variance_of_the_bits_with_its_sign_turned)
{
    struct bl_config_objective config = alone();
    config.balance_weight = 1.0;
    check_definition(config, 0, balance_definition);
}

Test(terms, balance_gradient_equals_central_differences)
{
    struct bl_config_objective config = alone();
    config.balance_weight = 0.7;
    fixture_check_gradient(config, 0, 1.0);
}

static double decorrelation_definition(const struct fixture *f)
{
    double square = 0.0;
    for (int64_t a = 0; a < K; a++)
        for (int64_t b = 0; b < K; b++) {
            double sum = 0.0;
            for (int64_t i = 0; i < f->n; i++)
                sum += (double)f->h[i * K + a] * (double)f->h[i * K + b];
            square += pow(sum / (double)f->n - (a == b), 2.0);
        }
    return square / (2.0 * K);
}

Test(terms, decorrelation_is_the_distance_of_second_moments_from_the_identity)
{
    struct bl_config_objective config = alone();
    config.decorrelation_weight = 1.0;
    check_definition(config, 0, decorrelation_definition);
}

Test(terms, decorrelation_gradient_equals_central_differences)
{
    struct bl_config_objective config = alone();
    config.decorrelation_weight = 0.7;
    fixture_check_gradient(config, 0, 1.0);
}

/* y_i.y_j of label rows of length 1. */
static double pair_similarity(const struct fixture *f, int64_t i, int64_t j)
{
    double common = 0.0, own = 0.0, other = 0.0;
    if (f->layout.kind == BL_LABELS_SINGLE)
        return bl_label_relevant(f->layout, f->labels + i, f->labels + j);
    for (int64_t w = 0; w < f->layout.words; w++) {
        const uint32_t a = f->labels[i * f->layout.words + w], b = f->labels[j * f->layout.words + w];
        common += __builtin_popcount(a & b);
        own += __builtin_popcount(a);
        other += __builtin_popcount(b);
    }
    return common > 0.0 ? common / sqrt(own * other) : 0.0;
}

/* Pair by pair, as bitloom never does. */
static double scatter_definition(const struct fixture *f)
{
    double similar = 0.0, dissimilar = 0.0, within = 0.0, between = 0.0;
    for (int64_t i = 0; i < f->n; i++)
        for (int64_t j = 0; j < f->n; j++) {
            double distance = 0.0;
            if (i == j)
                continue;
            for (int64_t k = 0; k < K; k++)
                distance += pow((double)f->h[i * K + k] - (double)f->h[j * K + k], 2.0);
            const double s = pair_similarity(f, i, j);
            similar += s;
            within += s * distance;
            dissimilar += 1.0 - s;
            between += (1.0 - s) * distance;
        }
    /* A part without pairs is 0. */
    const double t_w = similar > 0.0 ? within / similar : 0.0;
    const double t_b = dissimilar > 1e-9 ? between / dissimilar : 0.0;
    return -(t_b - t_w) / (2.0 * K);
}

/* Codes that know something of the classes, so that the two parts differ. */
static double scatter_of_classes(struct fixture *f)
{
    for (int64_t i = 0; i < f->n; i++)
        for (int64_t k = 0; k < K; k++)
            if (f->labels[i * f->layout.words] >> k & 1u)
                f->z[i * K + k] += 1.5f;
    return fixture_total(f, 1.0, 0);
}

Test(terms, scatter_equals_its_definition_pair_by_pair_for_classes_and_for_label_matrices)
{
    for (int multi = 0; multi < 2; multi++) {
        struct fixture f;
        struct bl_config_objective config = alone();
        config.scatter_weight = 1.0;
        fixture_init(&f, config, multi, N);
        const double value = scatter_of_classes(&f), expected = scatter_definition(&f);
        cr_assert_lt(expected, -1e-2);
        cr_assert_float_eq(value, expected, 1e-9, "%.12g %.12g", value, expected);
        fixture_free(&f);
    }
}

Test(terms, scatter_gradient_equals_central_differences_for_classes_and_for_label_matrices)
{
    struct bl_config_objective config = alone();
    config.scatter_weight = 0.7;
    fixture_check_gradient(config, 0, 1.0);
    fixture_check_gradient(config, 1, 1.0);
}

/* All rows similar, then none: the part that has no pairs is 0, and nothing is divided by it. */
Test(terms, scatter_leaves_out_a_part_that_has_no_pairs)
{
    for (int multi = 0; multi < 2; multi++)
        for (int alike = 0; alike < 2; alike++) {
            struct fixture f;
            struct bl_config_objective config = alone();
            config.scatter_weight = 1.0;
            fixture_init(&f, config, multi, 30);
            for (int64_t i = 0; i < f.n * f.layout.words; i++)
                f.labels[i] = multi ? (alike ? 7u : 0u) : (uint32_t)(alike ? 2 : BL_UNLABELLED);
            const double value = fixture_total(&f, 1.0, 1), expected = scatter_definition(&f);
            cr_assert(alike ? expected > 0.0 : expected < 0.0);
            cr_assert_float_eq(value, expected, 1e-9, "%.12g %.12g", value, expected);
            cr_assert(isfinite(f.dh[7]) && f.dh[7] != 0.0f);
            fixture_free(&f);
        }
}

enum { ROW_TERMS = 4 };

/* Each term of the rows by itself. */
static struct bl_config_objective row_term(int number)
{
    struct bl_config_objective config = alone();
    double *const weights[ROW_TERMS] = {&config.classification_weight, &config.balance_weight,
                                        &config.decorrelation_weight, &config.scatter_weight};
    *weights[number] = 0.7;
    return config;
}

/* As ranks with different rows do, and as one rank with groups does. */
static void check_parts(struct fixture *f)
{
    enum { PARTS = 4 };
    static const int64_t cuts[PARTS + 1] = {0, 1, 130, 700, N};
    double values[PARTS * BL_TERMS_MAX], part[BL_TERMS_MAX];
    static float whole[N * K];
    int32_t *integers; /* of all rows, less those of the parts */
    static int64_t sums[BL_TERMS_MAX * N];
    const int64_t n_sums = bl_objective_n_sums(&f->objective);
    struct bl_objective_out out = {.dh = f->dh, .values = values, .grad = &f->grad};
    const struct bl_groups all = {.n = PARTS, .end = cuts + 1};
    struct bl_batch batch = fixture_batch(f, 0, N);
    memset(sums, 0, sizeof sums);
    for (int c = 0; c < PARTS; c++) {
        const int64_t n = cuts[c + 1] - cuts[c];
        const struct bl_groups one = {.first = c, .n = 1, .end = &n};
        batch = fixture_batch(f, cuts[c], n);
        bl_objective_sums(&f->objective, &batch, &one);
        for (int64_t i = 0; i < n_sums; i++)
            sums[i] += f->objective.sums[i];
    }
    batch = fixture_batch(f, 0, N);
    bl_objective_sums(&f->objective, &batch, &all);
    cr_assert_eq(memcmp(sums, f->objective.sums, (size_t)n_sums * sizeof *sums), 0);
    bl_objective_rows(&f->objective, &batch, &all, f->own, &out);
    memcpy(whole, f->dh, sizeof whole);
    bl_alloc_zero(&integers, f->n_params, sizeof *integers, "integers", NULL);
    bl_grid_add(f->n_params, f->integers, integers);
    for (int c = 0; c < PARTS; c++) {
        const int64_t n = cuts[c + 1] - cuts[c];
        const struct bl_groups one = {.first = c, .n = 1, .end = &n};
        batch = fixture_batch(f, cuts[c], n);
        out.values = part;
        bl_objective_rows(&f->objective, &batch, &one, f->own, &out);
        cr_assert_eq(memcmp(f->dh, whole + cuts[c] * K, (size_t)(n * K) * sizeof(float)), 0);
        cr_assert_eq(memcmp(part, values + c * BL_TERMS_MAX, sizeof part), 0);
        for (int64_t i = f->network.n_network; i < f->n_params; i++)
            integers[i] -= f->integers[i];
    }
    for (int64_t i = 0; i < f->n_params; i++)
        cr_assert_eq(integers[i], 0);
    bl_free(&integers);
}

Test(terms, of_rows_have_the_same_bits_whoever_holds_a_row)
{
    for (int t = 0; t < ROW_TERMS; t++)
        for (int multi = 0; multi < 2; multi++) {
            struct fixture f;
            fixture_init(&f, row_term(t), multi, N);
            fixture_total(&f, 1.0, 0);
            check_parts(&f);
            fixture_free(&f);
        }
}

Test(terms, of_rows_have_the_same_bits_with_any_number_of_threads)
{
    for (int t = 0; t < ROW_TERMS; t++)
        for (int multi = 0; multi < 2; multi++) {
            struct fixture one, three;
            fixture_init(&one, row_term(t), multi, N);
            fixture_init(&three, row_term(t), multi, N);
            fixture_threads(&three, 3);
            cr_assert_eq(fixture_total(&one, 1.0, 1), fixture_total(&three, 1.0, 1));
            cr_assert_eq(memcmp(one.dh, three.dh, N * K * sizeof(float)), 0);
            cr_assert_eq(memcmp(one.own_grad, three.own_grad, (size_t)one.n_own * sizeof(float)), 0);
            fixture_free(&three);
            fixture_free(&one);
        }
}

Test(terms, allocate_nothing_in_a_step)
{
    for (int t = 0; t < ROW_TERMS; t++) {
        struct fixture f;
        fixture_init(&f, row_term(t), 0, 300);
        const int64_t before = bl_alloc_count();
        for (int i = 0; i < 3; i++)
            fixture_total(&f, 1.0, 1);
        cr_assert_eq(bl_alloc_count(), before);
        fixture_free(&f);
        cr_assert_eq(bl_alloc_live(), 0);
    }
}

/* A network's parameters, whose layers are wider, narrower and equal, and the term independence on them. */
struct weights {
    struct bl_layout layout;
    struct bl_product product;
    struct bl_objective objective;
    float *params, *grad;
};

static void weights_init(struct weights *w, const int64_t *width, int n_layers, enum bl_product_kind kind,
                         int threads)
{
    struct bl_shape shape = {.n_layers = n_layers};
    struct bl_config_objective config = alone();
    memcpy(shape.width, width, (size_t)(n_layers + 1) * sizeof *width);
    memset(w, 0, sizeof *w);
    config.independence_weight = 0.7;
    w->layout = bl_layout_of(&shape);
    /* A term's own tensor, which isn't the network's. */
    bl_layout_append(&w->layout, "classifier/weight", 1, 3, 2);
    bl_alloc(&w->params, w->layout.n_params, sizeof(float), "parameters", NULL);
    bl_alloc_zero(&w->grad, w->layout.n_params, sizeof(float), "gradient", NULL);
    for (int64_t i = 0; i < w->layout.n_params; i++) {
        double normal[4];
        bl_rng_normal(13, 96, (uint64_t)i, 0, 0, normal);
        w->params[i] = (float)(0.3 * normal[0]);
    }
    cr_assert_eq(bl_product_init(&w->product, kind, threads, NULL), 0);
    cr_assert_eq(bl_objective_init(&w->objective, &config, &w->layout, bl_label_layout(BL_LABELS_NONE, 0), 4,
                                   4, &w->product, NULL),
                 0);
}

static void weights_free(struct weights *w)
{
    bl_objective_free(&w->objective);
    bl_product_free(&w->product);
    bl_free(&w->params);
    bl_free(&w->grad);
}

static double independence(struct weights *w, int64_t lo, int64_t hi)
{
    double values[BL_TERMS_MAX];
    /* in two ranges, of which the second comes first */
    const int64_t middle = lo + (hi - lo) / 3;
    const struct bl_range parts[] = {{middle, hi}, {lo, middle}};
    bl_objective_params(&w->objective, &w->layout, w->params, (struct bl_ranges){2, parts}, w->grad, values);
    return values[0];
}

static double independence_definition(const struct weights *w)
{
    double square = 0.0;
    for (int64_t t = 0; t < bl_layout_network_tensors(&w->layout); t += 2) {
        const int64_t rows = w->layout.tensor[t].rows, cols = w->layout.tensor[t].cols;
        const int64_t n = rows < cols ? rows : cols, depth = rows < cols ? cols : rows;
        const int64_t step = rows < cols ? cols : 1, along = rows < cols ? 1 : cols;
        const float *at = w->params + w->layout.tensor[t].offset;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = 0.0;
                for (int64_t l = 0; l < depth; l++)
                    sum += (double)at[i * step + l * along] * (double)at[j * step + l * along];
                square += (sum - (i == j)) * (sum - (i == j));
            }
    }
    return 0.5 * square;
}

static const int64_t small[] = {7, 11, 4, 4}, large[] = {1100, 140, 200};

Test(terms, independence_is_the_distance_of_the_smaller_product_of_weights_from_the_identity)
{
    struct weights w;
    weights_init(&w, small, 3, BL_PRODUCT_CHAIN, 1);
    cr_assert_float_eq(independence(&w, 0, 0), independence_definition(&w), 1e-4);
    weights_free(&w);
    weights_init(&w, large, 2, BL_PRODUCT_CHAIN, 1);
    const double value = independence(&w, 0, 0), expected = independence_definition(&w);
    cr_assert_float_eq(value / expected, 1.0, 1e-6);
    weights_free(&w);
}

Test(terms, independence_is_0_for_orthonormal_rows_of_a_wide_and_columns_of_a_tall_matrix)
{
    static const int64_t width[] = {6, 3, 5};
    struct weights w;
    weights_init(&w, width, 2, BL_PRODUCT_CHAIN, 1);
    memset(w.params, 0, (size_t)w.layout.n_params * sizeof(float));
    for (int l = 0; l < 2; l++)
        for (int64_t i = 0; i < 3; i++)
            w.params[w.layout.tensor[2 * l].offset + i * w.layout.tensor[2 * l].cols + i] =
                i == 1 ? -1.0f : 1.0f;
    cr_assert_eq(independence(&w, 0, w.layout.n_params), 0.0);
    for (int64_t i = 0; i < w.layout.n_params; i++)
        cr_assert_eq(w.grad[i], 0.0f);
    weights_free(&w);
}

Test(terms, independence_gradient_equals_central_differences_and_leaves_biases_and_other_tensors_alone)
{
    struct weights w;
    weights_init(&w, small, 3, BL_PRODUCT_CHAIN, 1);
    independence(&w, 0, w.layout.n_params);
    double difference2 = 0.0, norm2 = 0.0;
    for (int64_t i = 0; i < w.layout.n_params; i++) {
        const float kept = w.params[i], step = 4e-3f;
        w.params[i] = kept + step;
        const double up = independence(&w, 0, 0);
        w.params[i] = kept - step;
        const double down = independence(&w, 0, 0);
        w.params[i] = kept;
        const double numeric = 0.7 * (up - down) / (2.0 * (double)step);
        difference2 += pow(numeric - (double)w.grad[i], 2.0);
        norm2 += numeric * numeric;
    }
    cr_assert_gt(norm2, 1.0);
    cr_assert_lt(sqrt(difference2 / norm2), 1e-3);
    weights_free(&w);
}

/* Parts of the block by themselves, with edges inside rows and tiles, on one thread and on three. */
static void check_ranges(enum bl_product_kind kind)
{
    struct weights whole, parts;
    weights_init(&whole, large, 2, kind, 1);
    weights_init(&parts, large, 2, kind, 3);
    const int64_t n = whole.layout.n_params;
    const int64_t cuts[] = {0, 5, 1100 * 129 + 1050, 1100 * 139 + 3, n - 7, n - 2, n};
    const double value = independence(&whole, 0, n);
    for (size_t c = 0; c + 1 < sizeof cuts / sizeof *cuts; c++)
        cr_assert_eq(independence(&parts, cuts[c], cuts[c + 1]), value);
    cr_assert_eq(memcmp(whole.grad, parts.grad, (size_t)n * sizeof(float)), 0);
    weights_free(&parts);
    weights_free(&whole);
}

Test(terms, independence_has_the_same_bits_for_any_range_and_any_number_of_threads)
{
    check_ranges(BL_PRODUCT_CHAIN);
    check_ranges(BL_PRODUCT_BLAS);
}

Test(terms, independence_allocates_nothing_in_a_step)
{
    struct weights w;
    weights_init(&w, small, 3, BL_PRODUCT_CHAIN, 1);
    const int64_t before = bl_alloc_count();
    independence(&w, 0, w.layout.n_params);
    cr_assert_eq(bl_alloc_count(), before);
    weights_free(&w);
    cr_assert_eq(bl_alloc_live(), 0);
}

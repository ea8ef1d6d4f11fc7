#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"
#include "base/share.h"
#include "data/shards.h"
#include "fit/ksh.h"
#include "model/network.h"
#include "mpi/baseline/table.h"
#include "mpi/fit/draw.h"
#include "support/ranks.h"

enum { N = 1100, DIM = 12, BITS = 10, CLASSES = 5, GROUPS = 6, ANCHORS = 24 };

static float features[N * DIM];
static uint32_t single[N], multi[N];

/* Noise around corners of classes; each seventh row has no label. */
static void make_rows(void)
{
    for (uint64_t i = 0; i < N; i++) {
        const uint64_t class = i * 7 % CLASSES;
        single[i] = i % 7 == 3 ? (uint32_t)BL_UNLABELLED : (uint32_t) class;
        multi[i] = i % 7 == 3 ? 0 : 1u << class | 1u << (i % 3);
        for (uint64_t d = 0; d < DIM; d++) {
            double noise[4], corner[4];
            bl_rng_normal(1, 95, i, d, 0, noise);
            bl_rng_normal(1, 96, class, d, 0, corner);
            features[i * DIM + d] = (float)(corner[0] + 0.4 * noise[0]);
        }
    }
}

/* This rank's rows, in pieces of 100. */
struct source {
    int64_t first;
    const uint32_t *labels;
    struct par_sum_groups groups;
    struct rows rows;
};

static int read_rows(void *context, int64_t lo, int64_t n, const void **rows, const uint32_t **labels,
                     struct bl_error *err)
{
    const struct source *source = context;
    CHECK(lo >= 0 && n <= 100 && lo + n <= source->rows.n_local);
    if (rows)
        *rows = features + (source->first + lo) * DIM;
    if (labels)
        *labels = source->labels + source->first + lo;
    (void)err;
    return BL_OK;
}

static void open_source(struct source *source, struct par par, int is_multi)
{
    int64_t lo, hi, group_rows[GROUPS];
    make_rows();
    bl_share(GROUPS, par.rank, par.size, &lo, &hi);
    for (int64_t g = lo; g < hi; g++)
        group_rows[g - lo] = bl_shard_begin(N, GROUPS, g + 1) - bl_shard_begin(N, GROUPS, g);
    CHECK(par_sum_groups_init(&source->groups, par, GROUPS, group_rows, hi - lo, 64, NULL) == BL_OK);
    source->first = bl_shard_begin(N, GROUPS, lo);
    source->labels = is_multi ? multi : single;
    source->rows = (struct rows){
        .dim = DIM,
        .type = BL_FLOAT32,
        .n_local = bl_shard_begin(N, GROUPS, hi) - source->first,
        .block_rows = 100,
        .groups = &source->groups,
        .labels = bl_label_layout(is_multi ? BL_LABELS_MULTI : BL_LABELS_SINGLE, is_multi ? CLASSES : 0),
        .read = read_rows,
        .context = source,
    };
}

static int fit(struct bl_model *model, struct par par, const char *name, int64_t rows, int is_multi)
{
    const struct baseline *method = baseline_find(name, NULL);
    const struct baseline_options options = {.seed = 3, .own = {5}, .rows = rows};
    struct bl_shape shape = {.n_layers = method->anchors > 0 ? 2 : 1,
                             .width = {DIM, BITS},
                             .heads = 2,
                             .bits = BITS / 2,
                             .input = method->input,
                             .output = method->output};
    struct source source;
    struct bl_error err = {0};
    if (method->anchors > 0) {
        shape.width[1] = ANCHORS;
        shape.width[2] = BITS;
    }
    open_source(&source, par, is_multi);
    CHECK(bl_model_init(model, &shape, BL_NORMALIZE_CENTER, NULL) == BL_OK);
    CHECK(par_normalizer_fit(par, &source.rows, &model->normalizer, NULL, &err) == BL_OK);
    int code = method->fit(par, &source.rows, &options, model, &err);
    par_sum_groups_free(&source.groups);
    return code;
}

static void check_equal_to_one_rank(struct par par, const char *name, int64_t rows, int is_multi)
{
    struct bl_model together, alone;
    CHECK(fit(&alone, par_alone(), name, rows, is_multi) == BL_OK);
    CHECK(fit(&together, par, name, rows, is_multi) == BL_OK);
    CHECK(memcmp(alone.params, together.params, (size_t)alone.layout.n_params * sizeof(float)) == 0);
    for (int64_t i = 0; i < alone.layout.n_params; i++)
        CHECK(alone.params[i] == alone.params[i]);
    bl_model_free(&together);
    bl_model_free(&alone);
}

static void spectral_hashing_has_the_bits_of_one_rank(struct par par)
{
    check_equal_to_one_rank(par, "sh", 0, 0);
}

static void spherical_hashing_has_the_bits_of_one_rank(struct par par)
{
    check_equal_to_one_rank(par, "sph", 400, 0);
    check_equal_to_one_rank(par, "sph", 0, 0);
}

static void ksh_has_the_bits_of_one_rank(struct par par)
{
    check_equal_to_one_rank(par, "ksh", 200, 0);
    check_equal_to_one_rank(par, "ksh", 200, 1);
}

static void sdh_shen_has_the_bits_of_one_rank(struct par par)
{
    check_equal_to_one_rank(par, "sdh-shen", 0, 0);
    check_equal_to_one_rank(par, "sdh-shen", 300, 0);
    check_equal_to_one_rank(par, "sdh-shen", 0, 1);
}

/* All chosen rows with their labels, gathered. */
static int choose(struct par par, struct par_draw_of of, float *rows, uint32_t *labels, int64_t *n)
{
    const struct bl_shape shape = {.n_layers = 1, .width = {DIM, BITS}, .heads = 1, .bits = BITS};
    struct source source;
    struct bl_model model;
    struct par_draw choice;
    float *own = NULL;
    open_source(&source, par, 0);
    CHECK(bl_model_init(&model, &shape, BL_NORMALIZE_NONE, NULL) == BL_OK);
    int code = par_draw_make(&choice, par, &source.rows, of, NULL);
    if (code == BL_OK)
        code = par_draw_collect(&choice, par, &source.rows, &model, 0, &own, NULL);
    if (code == BL_OK) {
        par_draw_gather(&choice, par, DIM * (int64_t)sizeof *own, own, rows);
        if (of.labelled)
            par_draw_gather(&choice, par, (int64_t)sizeof *labels, choice.labels, labels);
        *n = choice.n_global;
    }
    bl_free(&own);
    par_draw_free(&choice);
    bl_model_free(&model);
    par_sum_groups_free(&source.groups);
    return code;
}

static void a_choice_is_the_same_rows_and_their_labels(struct par par)
{
    static float rows[2][N * DIM];
    static uint32_t labels[2][N];
    const int64_t sizes[] = {1, 37, 500, 0};
    for (int s = 0; s < 4; s++)
        for (int labelled = 0; labelled < 2; labelled++) {
            const struct par_draw_of of = {sizes[s], labelled, 9, BL_CHOOSE_ROWS};
            int64_t n = 0, n_alone = 0, at = 0;
            CHECK(choose(par, of, rows[0], labels[0], &n) == BL_OK);
            CHECK(choose(par_alone(), of, rows[1], labels[1], &n_alone) == BL_OK);
            CHECK(n == n_alone && (sizes[s] == 0 ? n == (labelled ? 943 : N) : n == sizes[s]));
            CHECK(memcmp(rows[0], rows[1], (size_t)(n * DIM) * sizeof(float)) == 0);
            for (int64_t i = 0; i < n;
                 i++, at++) { /* each is a row of the file, in its order, with its label */
                while (at < N && memcmp(rows[0] + i * DIM, features + at * DIM, DIM * sizeof(float)) != 0)
                    at++;
                CHECK(at < N);
                CHECK(!labelled || (at < N && labels[0][i] == single[at] && single[at] < CLASSES));
            }
        }
}

static void rows_that_are_not_finite_are_refused_on_all_ranks(struct par par)
{
    static const char *const names[] = {"sh", "sph", "ksh", "sdh-shen"};
    for (int i = 0; i < 4; i++) {
        struct source source;
        struct bl_model model;
        struct bl_error err = {0};
        const struct baseline *method = baseline_find(names[i], NULL);
        struct bl_shape shape = {.n_layers = 1,
                                 .width = {DIM, BITS},
                                 .heads = 1,
                                 .bits = BITS,
                                 .input = method->input,
                                 .output = method->output};
        if (method->anchors > 0) {
            shape.n_layers = 2;
            shape.width[1] = ANCHORS;
            shape.width[2] = BITS;
        }
        open_source(&source, par, 0);
        features[(N - 3) * DIM + 4] = 0.0f / 0.0f; /* on the last rank; a row that has a label */
        CHECK(bl_model_init(&model, &shape, BL_NORMALIZE_NONE, NULL) == BL_OK);
        CHECK(method->fit(par, &source.rows, &(struct baseline_options){.seed = 1}, &model, &err) ==
              BL_NUMBERS);
        CHECK(strstr(err.what, "finite") || strstr(err.what, "NaN"));
        bl_model_free(&model);
        par_sum_groups_free(&source.groups);
    }
}

/* k [n, ANCHORS]: the kernel values of n rows, the first layer of a fitted model. */
static void kernel_of(const struct bl_model *model, const float *rows, int64_t n, float *k)
{
    static float normalised[N * DIM];
    struct bl_product product;
    CHECK(bl_product_init(&product, BL_PRODUCT_CHAIN, 1, NULL) == BL_OK);
    bl_normalizer_apply(&model->normalizer, BL_FLOAT32, rows, n, normalised);
    bl_layer_forward(&model->shape, &model->layout, 0, &product, 0, model->params, normalised, n, k);
    bl_product_free(&product);
}

static void mean_of(const float *k, double *mean)
{
    memset(mean, 0, ANCHORS * sizeof *mean);
    for (int64_t i = 0; i < N * ANCHORS; i++)
        mean[i % ANCHORS] += (double)k[i] / N;
}

/* A code is sgn(a'(k(x) - mean)) with the means over all rows. */
static void codes_of_ksh_are_signs_of_centred_kernel_values(struct par par)
{
    static float k[N * ANCHORS];
    double mean[ANCHORS];
    uint8_t codes[N][(BITS + 7) / 8];
    int64_t bad_row, unclear = 0;
    struct bl_model model;
    struct bl_encoder encoder;
    CHECK(fit(&model, par, "ksh", 200, 0) == BL_OK);
    CHECK(bl_encoder_init(&encoder, &model, N, NULL) == BL_OK);
    CHECK(bl_encoder_run(&encoder, BL_FLOAT32, features, N, codes[0], &bad_row, NULL) == BL_OK);
    kernel_of(&model, features, N, k);
    mean_of(k, mean);
    for (int64_t i = 0; i < N; i++)
        for (int64_t b = 0; b < BITS; b++) {
            const float *a = model.params + model.layout.tensor[2].offset + b * ANCHORS;
            double z = 0.0, size = 0.0;
            for (int64_t j = 0; j < ANCHORS; j++) {
                z += (double)a[j] * ((double)k[i * ANCHORS + j] - mean[j]);
                size += fabs((double)a[j]);
            }
            unclear += fabs(z) < 1e-6 * size;
            CHECK(fabs(z) < 1e-6 * size || (codes[i][b / 8] >> (b % 8) & 1) == (z >= 0.0));
        }
    CHECK(unclear < N * BITS / 100);
    bl_encoder_free(&encoder);
    bl_model_free(&model);
}

/* And a is what bl_ksh_fit finds for the centred kernel values of the sample. */
static void ksh_is_fitted_to_centred_kernel_values(struct par par)
{
    enum { SAMPLE = 200 };
    static float rows[N * DIM], k[N * ANCHORS];
    static double kernel[SAMPLE * ANCHORS], residual[SAMPLE * SAMPLE];
    static uint32_t labels[N];
    double mean[ANCHORS], a[BITS * ANCHORS], difference2 = 0.0, norm2 = 0.0;
    int64_t n = 0;
    struct bl_model model;
    CHECK(fit(&model, par, "ksh", SAMPLE, 0) == BL_OK);
    CHECK(choose(par_alone(), (struct par_draw_of){SAMPLE, 1, 3, BL_CHOOSE_ROWS}, rows, labels, &n) == BL_OK);
    CHECK(n == SAMPLE);
    kernel_of(&model, features, N, k);
    mean_of(k, mean);
    kernel_of(&model, rows, SAMPLE, k);
    for (int64_t i = 0; i < SAMPLE * ANCHORS; i++)
        kernel[i] = (double)k[i] - mean[i % ANCHORS];
    bl_ksh_similarity(SAMPLE, BITS, bl_label_layout(BL_LABELS_SINGLE, 0), labels, residual);
    const struct bl_ksh problem = {
        .n = SAMPLE, .m = ANCHORS, .bits = BITS, .kernel = kernel, .residual = residual};
    CHECK(bl_ksh_fit(&problem, a, NULL) == BL_OK);
    for (int64_t i = 0; i < BITS * ANCHORS; i++) {
        const double fitted = (double)model.params[model.layout.tensor[2].offset + i];
        difference2 += (a[i] - fitted) * (a[i] - fitted);
        norm2 += a[i] * a[i];
    }
    CHECK(norm2 > 0.0 && difference2 < 1e-8 * norm2);
    bl_model_free(&model);
}

int main(int argc, char **argv)
{
    static const struct ranks_case cases[] = {
        {"a_choice_is_the_same_rows_and_their_labels", a_choice_is_the_same_rows_and_their_labels},
        {"spectral_hashing_has_the_bits_of_one_rank", spectral_hashing_has_the_bits_of_one_rank},
        {"spherical_hashing_has_the_bits_of_one_rank", spherical_hashing_has_the_bits_of_one_rank},
        {"ksh_has_the_bits_of_one_rank", ksh_has_the_bits_of_one_rank},
        {"codes_of_ksh_are_signs_of_centred_kernel_values", codes_of_ksh_are_signs_of_centred_kernel_values},
        {"ksh_is_fitted_to_centred_kernel_values", ksh_is_fitted_to_centred_kernel_values},
        {"sdh_shen_has_the_bits_of_one_rank", sdh_shen_has_the_bits_of_one_rank},
        {"rows_that_are_not_finite_are_refused_on_all_ranks",
         rows_that_are_not_finite_are_refused_on_all_ranks},
    };
    return ranks_main(argc, argv, cases, sizeof cases / sizeof *cases);
}

#include "support/objective.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/rng.h"

struct bl_config_objective alone(void)
{
    return (struct bl_config_objective){.relaxation = BL_RELAXATION_TANH};
}

struct bl_layout fixture_network(void)
{
    struct bl_layout network = {0};
    bl_layout_append(&network, "layer0/weight", 1, K, 3);
    network.n_network = network.n_params;
    return network;
}

/* Random values for the terms' own tensors, and room for their gradient. */
static void fill_own(struct fixture *f)
{
    struct bl_layout layout = f->network;
    bl_objective_tensors(&f->config, f->layout, K, &layout);
    f->n_params = layout.n_params;
    f->n_own = layout.n_params - layout.n_network;
    bl_alloc(&f->own, f->n_own, sizeof(float), "own", NULL);
    bl_alloc(&f->own_grad, f->n_own, sizeof(float), "own gradient", NULL);
    for (int64_t i = 0; i < f->n_own; i++) {
        double normal[4];
        bl_rng_normal(11, 97, (uint64_t)i, 0, 0, normal);
        f->own[i] = (float)normal[0];
    }
    bl_alloc_zero(&f->integers, f->n_params, sizeof(int32_t), "gradient", NULL);
    for (int64_t t = 0; t < layout.n_tensors; t++)
        f->scale[t] = ldexpf(0x1p26f, -(int)(t % 2)); /* two different scales */
    f->all_tensors = layout;
    f->grad = (struct bl_grad){
        .integers = f->integers, .scale = f->scale, .largest = f->largest, .n_tensors = layout.n_tensors};
}

static void fill_labels(uint64_t stream, int multi, int64_t n, uint32_t *labels)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t words[4];
        bl_rng_words(5, stream, (uint64_t)i, 0, 0, words);
        if (!multi)
            labels[i] = i % 97 == 3 ? (uint32_t)BL_UNLABELLED : (uint32_t)(words[0] % CLASSES);
        for (int c = 0; multi && c < MULTI && i % 97 != 3; c++)
            if ((words[1] >> c & 7u) == 0)
                labels[i * MULTI_WORDS + c / 32] |= 1u << (c % 32);
    }
}

/* A memory of MEMORY rows that contains the batch's rows in reverse order, with other codes. */
static void fill_memory(struct fixture *f, int multi)
{
    const int64_t words = f->layout.words;
    bl_alloc_zero(&f->memory_codes, MEMORY * K, sizeof(float), "memory", NULL);
    bl_alloc_zero(&f->memory_labels, MEMORY * MULTI_WORDS, sizeof(uint32_t), "memory", NULL);
    bl_alloc(&f->place, f->n, sizeof(uint32_t), "memory", NULL);
    fill_labels(96, multi, MEMORY, f->memory_labels);
    for (int64_t i = 0; i < f->n; i++) {
        f->place[i] = (uint32_t)(MEMORY - 3 - 2 * i);
        memcpy(f->memory_labels + f->place[i] * words, f->labels + i * words,
               (size_t)words * sizeof(uint32_t));
    }
    for (int64_t i = 0; i < (MEMORY - 40) * K; i++) { /* the last 40 rows were in no batch yet */
        double normal[4];
        bl_rng_normal(7, 95, (uint64_t)i, 0, 0, normal);
        f->memory_codes[i] = (float)tanh(normal[0]);
    }
    f->memory = (struct bl_columns){
        .n = MEMORY, .codes = f->memory_codes, .stride = K, .labels = f->memory_labels, .place = f->place};
}

void fixture_init(struct fixture *f, struct bl_config_objective config, int multi, int64_t n)
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
    fill_labels(99, multi, n, f->labels);
    if (config.pairwise_against == BL_AGAINST_MEMORY)
        fill_memory(f, multi);
    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < K; k++) {
            double normal[4];
            bl_rng_normal(7, 98, (uint64_t)i, (uint64_t)k, 0, normal);
            f->z[i * K + k] = (float)normal[0];
        }
    }
    f->network = fixture_network();
    fill_own(f);
    fixture_threads(f, 1);
}

void fixture_threads(struct fixture *f, int threads)
{
    const int64_t n_columns = f->memory.n > 0 ? f->memory.n : f->n;
    bl_objective_free(&f->objective);
    bl_product_free(&f->product);
    cr_assert_eq(bl_product_init(&f->product, BL_PRODUCT_CHAIN, threads, NULL), 0);
    cr_assert_eq(bl_objective_init(&f->objective, &f->config, &f->network, f->layout, f->n, n_columns,
                                   &f->product, NULL),
                 0);
}

void fixture_free(struct fixture *f)
{
    bl_objective_free(&f->objective);
    bl_product_free(&f->product);
    bl_free(&f->z);
    bl_free(&f->h);
    bl_free(&f->codes);
    bl_free(&f->dh);
    bl_free(&f->labels);
    bl_free(&f->own);
    bl_free(&f->own_grad);
    bl_free(&f->integers);
    bl_free(&f->memory_codes);
    bl_free(&f->memory_labels);
    bl_free(&f->place);
}

struct bl_batch fixture_batch(const struct fixture *f, int64_t first, int64_t n_local)
{
    return (struct bl_batch){.n_global = f->n,
                             .n_local = n_local,
                             .first = first,
                             .bits = K,
                             .h = f->h + first * K,
                             .codes = f->codes,
                             .codes_stride = K,
                             .label_layout = f->layout,
                             .labels = f->labels,
                             .memory = f->memory};
}

double fixture_total(struct fixture *f, double beta, int gradient)
{
    double values[BL_TERMS_MAX], sum = 0.0;
    const struct bl_objective_out out = {.dh = f->dh, .values = values, .grad = &f->grad};
    bl_objective_relax(&f->objective, beta, f->z, f->n, f->h, f->codes, K);
    const struct bl_batch batch = fixture_batch(f, 0, f->n);
    const struct bl_groups all = {.n = 1, .end = &f->n};
    bl_objective_sums(&f->objective, &batch, &all);
    bl_objective_rows(&f->objective, &batch, &all, f->own, &out);
    for (int64_t t = f->network.n_tensors; t < f->all_tensors.n_tensors; t++) {
        const struct bl_tensor *tensor = &f->all_tensors.tensor[t];
        cr_assert(bl_grid_fits(f->scale[t], (int)(f->largest[t] >> 23), 1));
        bl_grid_to_floats(tensor->rows * tensor->cols, f->scale[t], f->integers + tensor->offset,
                          f->own_grad + tensor->offset - f->network.n_network);
    }
    if (gradient)
        bl_objective_dz(&f->objective, beta, f->h, f->n, f->dh);
    for (int64_t t = 0; t < f->objective.n_terms; t++)
        sum += f->objective.weight[t] * values[t];
    return sum;
}

/* Differences of a sum over a million pairs in float are noisy: a large step, one norm over all elements. */
static void check_differences(struct fixture *f, double beta, float *x, int64_t n, const float *gradient)
{
    double difference2 = 0.0, norm2 = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const float kept = x[i], step = 4e-3f;
        /* Quantization holds its code b = sign(z) constant: z must stay on one side of zero. */
        if (fabsf(kept) < 2.0f * step)
            continue;
        x[i] = kept + step;
        double up = fixture_total(f, beta, 0);
        x[i] = kept - step;
        double down = fixture_total(f, beta, 0);
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

void fixture_check_gradient_of(int64_t n, struct bl_config_objective config, int multi, double beta)
{
    struct fixture f;
    fixture_init(&f, config, multi, n);
    fixture_total(&f, beta, 1);
    float *gradient;
    bl_alloc(&gradient, n * K + f.n_own, sizeof(float), "gradient", NULL);
    memcpy(gradient, f.dh, (size_t)(n * K) * sizeof(float));
    memcpy(gradient + n * K, f.own_grad, (size_t)f.n_own * sizeof(float));
    check_differences(&f, beta, f.z, n * K, gradient);
    check_differences(&f, beta, f.own, f.n_own, gradient + n * K);
    bl_free(&gradient);
    fixture_free(&f);
    fixture_free(&f);
}

void fixture_check_gradient(struct bl_config_objective config, int multi, double beta)
{
    fixture_check_gradient_of(60, config, multi, beta);
}

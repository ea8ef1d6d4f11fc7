#include "cost/trial.h"

#include <math.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/minmax.h"
#include "base/rng.h"
#include "data/normalize.h"
#include "loss/objective.h"
#include "math/elementwise.h"
#include "math/grid.h"
#include "model/network.h"
#include "optim/optimizer.h"

enum { ROUNDS_MIN = 3, ROUNDS_MAX = 40, TRIAL_CLASSES = 10 };
static const double enough_s = 0.1; /* time for the rounds of one part */

/* All that a step on one rank needs. */
struct bench {
    const struct bl_config *config;
    struct bl_label_layout labels;
    enum bl_type type;
    struct bl_trial_size size; /* what is run: the size asked for, cut by reduced */
    double host_share;         /* share of the batch's rows that are on this rank's host */
    struct bl_shape shape;
    struct bl_layout layout;
    struct bl_groups groups;
    struct bl_product product;
    struct bl_network network;
    struct bl_objective objective;
    struct bl_optimizer optimizer;
    struct bl_normalizer normalizer;
    struct bl_grad grad;
    int64_t *end;
    char *features;
    uint32_t *label_words;
    float *sum, *scale; /* the gradient; with reduction exact converted from integers */
    int32_t *integers;
    uint32_t *largest;
    float *received;            /* [node_ranks - 1, updated] gradients of the host's other ranks */
    int32_t *received_integers; /* the same with reduction exact */
    float *mirror;              /* [threads, rows of the host, K] if pairs are visited once */
    float *params, *x, *z, *h, *dh, *codes;
    double *values;
};

static void fill(float *values, int64_t n, uint64_t stream)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t words[4];
        if (i % 8 == 0)
            bl_rng_words(1, BL_STREAM_LSH, stream, (uint64_t)i, 0, words);
        values[i] = (float)(words[i % 8 / 2] >> (i % 2 * 32) & 0xffff) / 32768.0f - 1.0f;
    }
}

static int is_exact(const struct bench *bench)
{
    return bench->config->train.reduction == BL_REDUCTION_EXACT;
}

/* The share of the batch's rows that are on a rank's host. */
static double share_of_host(const struct bl_trial_size *size)
{
    const double rows = (double)(size->n_local * bl_max(size->node_ranks, 1));
    return rows < (double)size->n_global ? rows / (double)size->n_global : 1.0;
}

/* The rows on this rank's host, in proportion, in the batch that is run. */
static int64_t host_rows(const struct bench *bench)
{
    return bl_max((int64_t)(bench->host_share * (double)bench->size.n_global), bench->size.n_local);
}

static int allocate(struct bench *bench, struct bl_error *err)
{
    const int64_t n = bench->size.n_local, all = bench->size.n_global,
                  bits = bl_shape_code_bits(&bench->shape);
    const int64_t dim = bl_shape_dim(&bench->shape);
    const int64_t others = bl_max(bench->size.node_ranks - 1, 0), exact = is_exact(bench);
    const struct bl_buffer parts[] = {
        {&bench->end, bench->size.groups, sizeof(int64_t), "a trial step", 1},
        {&bench->features, n * dim, bl_type_bytes(bench->type), "a trial step", 1},
        {&bench->label_words, all * bench->labels.words, sizeof(uint32_t), "a trial step", 1},
        {&bench->params, bench->layout.n_params, sizeof(float), "a trial step", 1},
        {&bench->sum, bench->layout.n_params, sizeof(float), "a trial step", 1},
        {&bench->integers, exact * bench->layout.n_params, sizeof(int32_t), "a trial step", 1},
        {&bench->scale, bench->layout.n_tensors, sizeof(float), "a trial step", 1},
        {&bench->largest, bench->config->train.threads * bench->layout.n_tensors, sizeof(uint32_t),
         "a trial step", 1},
        {&bench->received, (1 - exact) * others * bench->size.updated, sizeof(float), "a trial step", 1},
        {&bench->received_integers, exact * others * bench->size.updated, sizeof(int32_t), "a trial step", 1},
        {&bench->mirror, bench->size.once ? bench->config->train.threads * host_rows(bench) * bits : 0,
         sizeof(float), "a trial step", 1},
        {&bench->x, n * dim, sizeof(float), "a trial step", 1},
        {&bench->z, n * bits, sizeof(float), "a trial step", 1},
        {&bench->h, n * bits, sizeof(float), "a trial step", 1},
        {&bench->dh, n * bits, sizeof(float), "a trial step", 1},
        {&bench->codes, all * bits, sizeof(float), "a trial step", 1},
        {&bench->values, bench->size.groups * BL_TERMS_MAX, sizeof(double), "a trial step", 1},
    };
    return bl_alloc_all(parts, sizeof parts / sizeof *parts, err);
}

static void free_bench(struct bench *bench)
{
    void *owned[] = {
        &bench->end,      &bench->features, &bench->label_words, &bench->params,   &bench->sum,
        &bench->integers, &bench->scale,    &bench->largest,     &bench->received, &bench->received_integers,
        &bench->x,        &bench->z,        &bench->h,           &bench->dh,       &bench->codes,
        &bench->values,   &bench->mirror};
    for (size_t p = 0; p < sizeof owned / sizeof *owned; p++)
        bl_free(owned[p]);
    bl_normalizer_free(&bench->normalizer);
    bl_optimizer_free(&bench->optimizer);
    bl_objective_free(&bench->objective);
    bl_network_free(&bench->network);
    bl_product_free(&bench->product);
}

/* Random numbers in place of data: products of zeros could be faster. The features themselves may stay 0,
 * since their conversion costs the same. */
static void fill_bench(struct bench *bench)
{
    const int64_t n = bench->size.n_local, all = bench->size.n_global, words = bench->labels.words;
    fill(bench->x, n * bl_shape_dim(&bench->shape), 1);
    fill(bench->codes, all * bl_shape_code_bits(&bench->shape), 2);
    bl_params_init(&bench->shape, &bench->layout, 1, bench->params);
    for (int64_t i = 0; i < all && words > 0; i++)
        bench->label_words[i * words] =
            bench->labels.kind == BL_LABELS_SINGLE
                ? (uint32_t)(i % bench->labels.classes)
                : 1u << i % (bench->labels.classes < 32 ? bench->labels.classes : 32);
    for (int64_t g = 0; g < bench->size.groups; g++)
        bench->end[g] = n * (g + 1) / bench->size.groups;
    for (int64_t t = 0; t < bench->layout.n_tensors; t++)
        bench->scale[t] = bl_grid_scale(BL_GRID_EXPONENTS / 2, bench->size.groups);
}

/* Each pair of the host's rows is visited once: as if every rank of the host held n_local of them. */
static int visit_once(struct bench *bench, struct bl_error *err)
{
    const int64_t n = bench->size.n_local, all = host_rows(bench);
    const int64_t parts = n > 0 ? (all + n - 1) / n : 0;
    int64_t *rows = NULL;
    if (!bench->size.once || parts == 0)
        return BL_OK;
    int code = bl_alloc(&rows, parts + 1, sizeof *rows, "a trial step", err);
    for (int64_t p = 0; p <= parts && code == BL_OK; p++)
        rows[p] = p * n < all ? p * n : all;
    if (code == BL_OK)
        code = bl_objective_visit_once(&bench->objective, rows, (int)parts, 0, bench->mirror, err);
    bl_free(&rows);
    return code;
}

static int init_bench(struct bench *bench, struct bl_error *err)
{
    const struct bl_config *config = bench->config;
    const int64_t bits = bl_shape_code_bits(&bench->shape);
    const enum bl_product_kind kind = is_exact(bench) ? BL_PRODUCT_CHAIN : BL_PRODUCT_BLAS;
    bench->layout = bl_layout_of(&bench->shape);
    bl_objective_tensors(&config->objective, bench->labels, bits, &bench->layout);
    bench->groups.n = bench->size.groups;
    int code = allocate(bench, err);
    bench->groups.end = bench->end;
    bench->grad = (struct bl_grad){.sum = is_exact(bench) ? NULL : bench->sum,
                                   .integers = bench->integers,
                                   .scale = bench->scale,
                                   .largest = bench->largest,
                                   .n_tensors = bench->layout.n_tensors};
    if (code == BL_OK)
        code = bl_product_init(&bench->product, kind, (int)config->train.threads, err);
    if (code == BL_OK)
        code = bl_network_init(&bench->network, &bench->shape, bench->size.n_local, &bench->product, err);
    if (code == BL_OK)
        code = bl_objective_init(&bench->objective, &config->objective, &bench->layout, bench->labels,
                                 bench->size.n_local, bench->size.n_global, &bench->product, err);
    if (code == BL_OK)
        code = visit_once(bench, err);
    if (code == BL_OK)
        code = bl_optimizer_init(&bench->optimizer, &config->optimizer, &bench->layout, err);
    if (code == BL_OK)
        code =
            bl_normalizer_init(&bench->normalizer, config->data.normalize, bl_shape_dim(&bench->shape), err);
    return code;
}

static void run_input(struct bench *bench)
{
    const int64_t dim = bl_shape_dim(&bench->shape), row_bytes = dim * (int64_t)bl_type_bytes(bench->type);
#pragma omp parallel for schedule(static) num_threads((int)bench->config->train.threads)
    for (int64_t i = 0; i < bench->size.n_local; i++)
        bl_normalizer_apply(&bench->normalizer, bench->type, bench->features + i * row_bytes, 1,
                            bench->x + i * dim);
}

static void run_network(struct bench *bench)
{
    bl_network_forward(&bench->network, bench->params, bench->x, bench->size.n_local, NULL, bench->z);
    bl_network_backward(&bench->network, bench->params, bench->dh, &bench->groups, &bench->grad, NULL);
}

static void run_objective(struct bench *bench)
{
    struct bl_objective *objective = &bench->objective;
    const int64_t n = bench->size.n_local;
    const struct bl_batch batch = {.n_global = bench->size.n_global,
                                   .n_local = n,
                                   .bits = objective->bits,
                                   .h = bench->h,
                                   .codes = bench->codes,
                                   .codes_stride = objective->bits,
                                   .label_layout = bench->labels,
                                   .labels = bench->label_words};
    const struct bl_objective_out out = {.dh = bench->dh, .values = bench->values, .grad = &bench->grad};
    bl_objective_relax(objective, 1.0, bench->z, n, bench->h, bench->codes, objective->bits);
    bl_objective_sums(objective, &batch, &bench->groups);
    bl_objective_rows(objective, &batch, &bench->groups, bench->params + bench->layout.n_network, &out);
    bl_objective_dz(objective, 1.0, bench->h, n, bench->dh);
}

static void run_update(struct bench *bench)
{
    const int64_t n = bench->size.updated;
    for (int64_t r = 0; r + 1 < bench->size.node_ranks; r++)
        if (is_exact(bench))
            bl_grid_add(n, bench->received_integers + r * n, bench->integers);
        else
            bl_add(n, bench->received + r * n, bench->sum);
    if (is_exact(bench))
        bl_grid_to_floats(n, bench->scale[0], bench->integers, bench->sum);
    const double square = bl_optimizer_square_sum(bench->sum, n);
    bl_optimizer_update(&bench->optimizer, 1, isfinite(square) ? 1e-9 : 0.0, 0, n, bench->params, bench->sum);
}

/* The shortest of several runs after one to warm up: other processes on the machine only make runs longer. */
static double best_of(struct bench *bench, void (*run)(struct bench *bench))
{
    const double until = bl_clock_seconds() + enough_s;
    double best = 0.0;
    for (int r = 0; r <= ROUNDS_MIN || (r <= ROUNDS_MAX && bl_clock_seconds() < until); r++) {
        const double begun = bl_clock_seconds();
        run(bench);
        const double taken = bl_clock_seconds() - begun;
        if (r == 1 || (r > 1 && taken < best))
            best = taken;
    }
    return best;
}

double bl_trial_flops(const struct bl_shape *shape, int64_t n_local, int64_t n_global, double pair_products)
{
    /* 2 flops a weight and row: forward, weight gradient and, except in layer 0, input gradient. */
    double per_row = 0.0;
    for (int64_t l = 0; l < shape->n_layers; l++)
        per_row += (l > 0 ? 6.0 : 4.0) * (double)shape->width[l] * (double)shape->width[l + 1];
    per_row += pair_products * (double)n_global * (double)bl_shape_code_bits(shape);
    return (double)n_local * per_row;
}

/* The size that is run for a size asked for: fewer rows, in groups of the same number of rows. */
static struct bl_trial_size reduced(const struct bl_trial_size *size)
{
    struct bl_trial_size done = *size;
    if (size->n_global > BL_TRIAL_BATCH)
        done.n_global = BL_TRIAL_BATCH;
    if (size->n_local > BL_TRIAL_ROWS) {
        done.n_local = BL_TRIAL_ROWS;
        done.groups = bl_max(size->groups * BL_TRIAL_ROWS / size->n_local, 1);
    }
    return done;
}

struct bl_trial_scale bl_trial_scale(const struct bl_trial_size *size)
{
    const struct bl_trial_size done = reduced(size);
    const double rows = (double)size->n_local / (double)done.n_local;
    return (struct bl_trial_scale){rows, rows * (double)size->n_global / (double)done.n_global};
}

int bl_trial_run(struct bl_trial *trial, const struct bl_config *config, int64_t dim, enum bl_type type,
                 struct bl_label_layout labels, const struct bl_trial_size *size, struct bl_error *err)
{
    struct bench bench = {.config = config,
                          .labels = labels,
                          .type = type,
                          .size = reduced(size),
                          .host_share = share_of_host(size),
                          .shape = bl_shape_of(&config->model, dim)};
    if (labels.kind == BL_LABELS_SINGLE && labels.classes == 0)
        bench.labels.classes = TRIAL_CLASSES;
    int code = init_bench(&bench, err);
    if (code == BL_OK) {
        const struct bl_trial_scale more = bl_trial_scale(size);
        const double input_s = best_of(&bench, run_input);
        fill_bench(&bench);
        bl_network_forward(&bench.network, bench.params, bench.x, bench.size.n_local, NULL, bench.z);
        const double objective_s = best_of(&bench, run_objective), network_s = best_of(&bench, run_network);
        trial->rows_s = more.rows * (input_s + network_s) + more.pairs * objective_s;
        trial->update_s = best_of(&bench, run_update);
        const double products = size->once ? 4.0 - bench.host_share : 4.0;
        trial->flops = bl_trial_flops(&bench.shape, size->n_local, size->n_global,
                                      bl_objective_needs_gather(&bench.objective) ? products : 0.0);
    }
    free_bench(&bench);
    return code;
}

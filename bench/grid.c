/* Rounding errors of gradients summed over groups of rows, on the grid and in float: bench_grid [DATA]
 *
 * The gradient of a network 784-1024-512-64 over 8,192 rows in 16 to 1,024 groups, pairwise likelihood and
 * 0.1 quantization. A group's part is one float chain for each parameter (math/product.h). Errors are printed
 * relative to the gradient's norm:
 *
 *   int32     the chains summed on the grid (math/grid.h), with the scale that these chains themselves give
 *   in order  the chains summed in float, group after group
 *   tree      the chains summed in float, in a binary tree
 *             (errors of these three are against the sum of the chains in double)
 *   chains    the sum of the chains in double, against the gradient in double from the same activations
 *   worst     the tensor with the largest error of int32, relative to the tensor's own norm
 *
 * For random rows and labels and initial parameters. DATA, a data set whose split train has 784 features of
 * uint8 and one class per row, adds its first rows, with initial parameters and after 400 steps of SGD. On
 * one core. */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "bench.h"
#include "loss/objective.h"
#include "math/elementwise.h"
#include "model/network.h"
#include "mpi/files/dataset.h"

enum { ROWS = 8192, DIM = 784, WIDEST = 1024, BITS = 64, LAYERS = 3, TENSORS = 6, PARAMS_MAX = 1 << 21 };
enum { BATCH = 512, STEPS = 400, GROUPS_MIN = 16, GROUPS_MAX = 1024, DEPTH_MAX = 10 };

/* Sums over the groups, for each parameter. */
struct sums {
    int32_t integers[PARAMS_MAX]; /* at the scale of its tensor */
    float scale[TENSORS];
    uint32_t largest[TENSORS];
    float in_order[PARAMS_MAX], tree[PARAMS_MAX], branch[DEPTH_MAX][PARAMS_MAX];
    double chains[PARAMS_MAX], exact[PARAMS_MAX];
};

struct bench {
    struct bl_product product;
    struct bl_network network; /* after a pass its activations hold their gradients */
    struct bl_objective objective;
    uint32_t labels[ROWS];
    float in[LAYERS][ROWS * WIDEST]; /* the input of each layer, [rows, width]; in[0]: the rows themselves */
    float z[ROWS * BITS], h[ROWS * BITS], codes[ROWS * BITS], dz[ROWS * BITS], ones[ROWS];
    float params[PARAMS_MAX], grad[PARAMS_MAX], velocity[PARAMS_MAX];
    struct sums sums;
};

/* The gradient of a tensor is A'B, A [rows, m] and B [rows, n]; it begins at parameter `at`. */
struct factors {
    const float *a, *b;
    int64_t m, n, at;
};

enum { INT32, IN_ORDER, TREE, CHAINS, NORM, ERRORS };

static void init(struct bench *bench)
{
    const struct bl_config_model model = {.hidden = {1024, 512}, .hidden_count = 2, .heads = 1, .bits = BITS};
    const struct bl_config_objective config = {.pairwise_weight = 1.0, .quantization_weight = 0.1};
    const struct bl_shape shape = bl_shape_of(&model, DIM);
    bench_must(bl_product_init(&bench->product, BL_PRODUCT_CHAIN, 1, &bench_error));
    bench_must(bl_network_init(&bench->network, &shape, ROWS, &bench->product, &bench_error));
    bench_must(bl_objective_init(&bench->objective, &config, &bench->network.layout,
                                 bl_label_layout(BL_LABELS_SINGLE, 0), ROWS, ROWS, &bench->product,
                                 &bench_error));
    bl_params_init(&shape, &bench->network.layout, 1, bench->params);
    for (int64_t i = 0; i < ROWS; i++)
        bench->ones[i] = 1.0f;
}

static void objective_gradient(struct bench *bench, const struct bl_groups *groups)
{
    static double values[GROUPS_MAX * BL_TERMS_MAX];
    const int64_t n = groups->end[groups->n - 1];
    const struct bl_objective_out out = {.dh = bench->dz, .values = values};
    struct bl_batch batch = {.n_global = n, .n_local = n, .bits = BITS, .codes_stride = BITS};
    batch.h = bench->h;
    batch.codes = bench->codes;
    batch.labels = bench->labels;
    batch.label_layout = bl_label_layout(BL_LABELS_SINGLE, 0); /* nothing here counts classes */
    bl_objective_relax(&bench->objective, 1.0, bench->z, n, bench->h, bench->codes, BITS);
    bl_objective_sums(&bench->objective, &batch, groups);
    bl_objective_rows(&bench->objective, &batch, groups, NULL, &out);
    bl_objective_dz(&bench->objective, 1.0, bench->h, n, bench->dz);
}

/* Forward and backward pass of the first n rows; leaves the gradients' factors, and sums on the grid. */
static void pass(struct bench *bench, int64_t n, int64_t n_groups)
{
    int64_t end[GROUPS_MAX];
    const struct bl_groups groups = {.n = n_groups, .end = end};
    const struct bl_grad grad = {.integers = bench->sums.integers,
                                 .scale = bench->sums.scale,
                                 .largest = bench->sums.largest,
                                 .n_tensors = TENSORS};
    for (int64_t g = 0; g < n_groups; g++)
        end[g] = n / n_groups * (g + 1);
    bl_network_forward(&bench->network, bench->params, bench->in[0], n, NULL, bench->z);
    for (int l = 1; l < LAYERS; l++)
        memcpy(bench->in[l], bench->network.activation[l - 1],
               (size_t)(n * bench->network.shape.width[l]) * sizeof(float));
    objective_gradient(bench, &groups);
    bl_network_backward(&bench->network, bench->params, bench->dz, &groups, &grad, NULL);
}

static struct factors factors_from(const struct bench *bench, int64_t row, int tensor)
{
    const int l = tensor / 2;
    const int64_t from = bench->network.shape.width[l], to = bench->network.shape.width[l + 1];
    const int64_t at = bench->network.layout.tensor[tensor].offset;
    const float *delta = (l + 1 < LAYERS ? bench->network.activation[l] : bench->dz) + row * to;
    if (tensor % 2 == 0)
        return (struct factors){delta, bench->in[l] + row * from, to, from, at};
    return (struct factors){bench->ones, delta, 1, to, at};
}

/* The gradient over rows [row, row + n): a chain for each parameter. */
static void gradient(const struct bench *bench, int64_t row, int64_t n, float *grad)
{
    for (int t = 0; t < TENSORS; t++) {
        const struct factors f = factors_from(bench, row, t);
        bl_product_run(&bench->product, 0, BL_TRANSPOSED, BL_PLAIN, f.m, f.n, n, f.a, f.m, f.b, f.n, 0,
                       grad + f.at, f.n);
    }
}

static void gradient_in_double(struct bench *bench)
{
    static double a[ROWS * WIDEST], b[ROWS * WIDEST];
    for (int t = 0; t < TENSORS; t++) {
        const struct factors f = factors_from(bench, 0, t);
        bl_type_to_double(BL_FLOAT32, f.a, ROWS * f.m, a);
        bl_type_to_double(BL_FLOAT32, f.b, ROWS * f.n, b);
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (blasint)f.m, (blasint)f.n, ROWS, 1.0, a,
                    (blasint)f.m, b, (blasint)f.n, 0.0, bench->sums.exact + f.at, (blasint)f.n);
    }
}

/* tree = the groups of rows [row, row + n) summed in a binary tree; adds their chains to the other sums. */
static void sum_chains(struct bench *bench, int64_t row, int64_t n, int64_t n_groups, int depth, float *tree)
{
    struct sums *sums = &bench->sums;
    if (n_groups > 1) {
        sum_chains(bench, row, n / 2, n_groups / 2, depth + 1, tree);
        sum_chains(bench, row + n / 2, n / 2, n_groups / 2, depth + 1, sums->branch[depth]);
        bl_add(bench->network.layout.n_params, sums->branch[depth], tree);
        return;
    }
    gradient(bench, row, n, tree);
    bl_add(bench->network.layout.n_params, tree, sums->in_order);
    for (int64_t i = 0; i < bench->network.layout.n_params; i++)
        sums->chains[i] += (double)tree[i];
}

/* errors += squares of a tensor's errors; errors[NORM] += squares of the tensor itself. */
static void add_errors(const struct sums *sums, int t, const struct bl_tensor *tensor, double errors[ERRORS])
{
    for (int64_t i = tensor->offset; i < tensor->offset + tensor->rows * tensor->cols; i++) {
        const double on_grid = (double)sums->integers[i] / (double)sums->scale[t];
        const double of[] = {on_grid, (double)sums->in_order[i], (double)sums->tree[i], sums->exact[i], 0.0};
        for (int e = 0; e < ERRORS; e++)
            errors[e] += (of[e] - sums->chains[i]) * (of[e] - sums->chains[i]);
    }
}

static void report(struct bench *bench, const char *rows)
{
    struct sums *sums = &bench->sums;
    printf("%s\ngroups     int32  in order      tree    chains     worst\n", rows);
    for (int64_t n_groups = GROUPS_MIN; n_groups <= GROUPS_MAX; n_groups *= 4) {
        double all[ERRORS] = {0}, worst = 0.0;
        const struct bl_tensor *tensor = bench->network.layout.tensor, *of_worst = tensor;
        memset(sums, 0, sizeof *sums);
        for (int twice = 0; twice < 2; twice++) { /* the first pass finds the scales */
            pass(bench, ROWS, n_groups);
            for (int t = 0; t < TENSORS; t++)
                sums->scale[t] = bl_grid_scale((int)(sums->largest[t] >> 23), n_groups);
        }
        sum_chains(bench, 0, ROWS, n_groups, 0, sums->tree);
        gradient_in_double(bench);
        for (int t = 0; t < TENSORS; t++) {
            double own[ERRORS] = {0};
            add_errors(sums, t, &tensor[t], own);
            add_errors(sums, t, &tensor[t], all);
            of_worst = own[INT32] / own[NORM] > worst ? &tensor[t] : of_worst;
            worst = fmax(worst, own[INT32] / own[NORM]);
        }
        printf("%6lld", (long long)n_groups);
        for (int e = 0; e < NORM; e++)
            printf("  %8.1e", sqrt(all[e] / all[NORM]));
        printf("  %8.1e %s\n", sqrt(worst), of_worst->name);
    }
}

static void make_rows(struct bench *bench)
{
    for (int64_t i = 0; i < ROWS * DIM; i++) {
        uint64_t words[4];
        bl_rng_words(1, BL_STREAM_LSH, (uint64_t)i, 0, 0, words);
        bench->in[0][i] = (float)bl_rng_unit(words[0]);
        bench->labels[i / DIM] = (uint32_t)(words[1] % 10);
    }
}

static void read_rows(struct bench *bench, struct par_dataset *data, int64_t row_lo, int64_t n)
{
    static uint8_t bytes[ROWS * DIM];
    bench_must(par_dataset_read_local(data, row_lo, n, bytes, bench->labels, NULL, &bench_error));
    for (int64_t i = 0; i < n * DIM; i++)
        bench->in[0][i] = (float)bytes[i] / 255.0f;
}

static void report_data(struct bench *bench, const char *path)
{
    struct par_dataset *data;
    bench_must(par_dataset_open(&data, par_alone(), path, "train", &bench_error));
    const struct par_split *split = dataset_split(data);
    if (split->rows < ROWS || split->dim != DIM || split->type != BL_UINT8 ||
        split->labels.kind != BL_LABELS_SINGLE)
        bench_must(bl_fail(&bench_error, BL_USAGE,
                           "%s must have 8192 rows or more, of 784 features of uint8 and one class", path));
    read_rows(bench, data, 0, ROWS);
    report(bench, "rows of the data at the start");
    for (int64_t step = 0; step < STEPS; step++) {
        read_rows(bench, data, step % (split->rows / BATCH) * BATCH, BATCH);
        pass(bench, BATCH, 1);
        gradient(bench, 0, BATCH, bench->grad);
        for (int64_t i = 0; i < bench->network.layout.n_params; i++) {
            bench->velocity[i] = 0.9f * bench->velocity[i] + bench->grad[i];
            bench->params[i] -= 0.01f * bench->velocity[i];
        }
    }
    read_rows(bench, data, 0, ROWS);
    report(bench, "rows of the data after the steps");
    par_dataset_close(data);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bl_blas_setup();
    init(&bench);
    make_rows(&bench);
    report(&bench, "random rows at the start");
    if (argc > 1)
        report_data(&bench, argv[1]);
    bl_objective_free(&bench.objective);
    bl_network_free(&bench.network);
    bl_product_free(&bench.product);
    return 0;
}

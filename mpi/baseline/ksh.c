#include <stdio.h>

#include "base/buffer.h"
#include "fit/ksh.h"
#include "math/elementwise.h"
#include "math/fixed.h"
#include "mpi/baseline/table.h"
#include "mpi/fit/anchors.h"
#include "mpi/fit/arithmetic.h"
#include "mpi/fit/draw.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/reduce.h"

struct kernel_sums {
    struct bl_fixed fixed;
    int64_t m;
    int64_t *sums; /* [m] */
    int is_finite;
};

static void add_kernels(void *context, int64_t group, int64_t first, int64_t n, float *points)
{
    struct kernel_sums *sums = context;
    (void)group;
    (void)first;
    sums->is_finite &= bl_all_finite(n * sums->m, points);
    for (int64_t i = 0; i < n; i++)
        bl_fixed_add(sums->fixed, sums->m, points + i * sums->m, sums->sums);
}

/* mean [m] = the means of the basis functions over all rows, summed in fixed point: the same on any number of
 * ranks. */
static int find_means(struct par par, const struct rows *rows, const struct bl_model *model, double *mean,
                      struct bl_error *err)
{
    struct par_points points = {0};
    struct kernel_sums sums = {.m = model->shape.width[1], .is_finite = 1};
    int64_t n = rows->n_local;
    par_sum_integers(par, &n, 1);
    sums.fixed = bl_fixed_of_bound((double)n); /* they are in [0, 1] */
    int code = par_points_init(&points, par, rows, model, 1, err);
    if (code == BL_OK)
        code = bl_alloc_zero(&sums.sums, sums.m, sizeof *sums.sums, "sums of kernel values", err);
    if (code == BL_OK)
        code = par_points_visit_local(&points, add_kernels, &sums, err);
    if (code == BL_OK && !sums.is_finite)
        code = bl_fail(err, BL_NUMBERS,
                       "a training row has features that aren't finite numbers (NaN, infinity); correct or "
                       "remove such rows");
    code = par_agree(par, code, err);
    if (code == BL_OK)
        par_sum_integers(par, sums.sums, sums.m);
    for (int64_t j = 0; j < sums.m && code == BL_OK; j++)
        mean[j] = bl_fixed_to(sums.fixed, sums.sums[j]) / (double)n;
    bl_free(&sums.sums);
    par_points_free(&points);
    return code;
}

/* The labelled sample, whole on every rank. */
struct sample {
    int64_t n;
    float *kernel;    /* [n, m] */
    uint32_t *labels; /* [n, words] */
};

static void sample_free(struct sample *sample)
{
    bl_free(&sample->kernel);
    bl_free(&sample->labels);
}

/* Rows with labels, drawn as --rows says: each rank computes kernel values of its own, all get all. */
static int take_sample(struct par par, const struct rows *rows, const struct baseline_options *options,
                       const struct bl_model *model, struct sample *sample, struct bl_error *err)
{
    const struct par_draw_of of = {
        .n = options->rows, .labelled = 1, .seed = options->seed, .use = BL_CHOOSE_ROWS};
    const int64_t m = model->shape.width[1], words = rows->labels.words;
    struct par_draw choice = {0};
    float *own = NULL;
    int code = par_draw_make(&choice, par, rows, of, err);
    if (code == BL_OK)
        code = par_draw_collect(&choice, par, rows, model, 1, &own, err);
    sample->n = choice.n_global;
    if (code == BL_OK)
        code = bl_alloc(&sample->kernel, sample->n * m, sizeof(float), "kernel values", err);
    if (code == BL_OK)
        code = bl_alloc(&sample->labels, sample->n * words, sizeof(uint32_t), "labels of the sample", err);
    code = par_agree(par, code, err);
    if (code == BL_OK) {
        par_draw_gather(&choice, par, m * (int64_t)sizeof *own, own, sample->kernel);
        par_draw_gather(&choice, par, words * (int64_t)sizeof *choice.labels, choice.labels, sample->labels);
    }
    bl_free(&own);
    par_draw_free(&choice);
    return code;
}

/* a [bits, m], of which min |sum_k b_k b_k' - K S|^2 over the sample's codes is sought: one rank for all. */
static int solve(const struct sample *sample, struct bl_label_layout layout, int64_t bits, int64_t m,
                 const double *mean, double *a, struct bl_error *err)
{
    double *kernel = NULL, *residual = NULL;
    int code = bl_alloc(&kernel, sample->n * m, sizeof *kernel, "centred kernel values", err);
    if (code == BL_OK)
        code =
            bl_alloc(&residual, sample->n * sample->n, sizeof *residual, "similarities of the sample", err);
    if (code == BL_OK) {
        for (int64_t i = 0; i < sample->n * m; i++)
            kernel[i] = (double)sample->kernel[i] - mean[i % m];
        bl_ksh_similarity(sample->n, bits, layout, sample->labels, residual);
        const struct bl_ksh problem = {
            .n = sample->n, .m = m, .bits = bits, .kernel = kernel, .residual = residual};
        code = bl_ksh_fit(&problem, a, err);
    }
    bl_free(&kernel);
    bl_free(&residual);
    return code;
}

/* The second layer: z = a'(kernel - mean), so the bias is -a'mean. */
static void store(const double *a, const double *mean, int64_t bits, int64_t m, float *weight, float *bias)
{
    for (int64_t k = 0; k < bits; k++) {
        double sum = 0.0;
        for (int64_t j = 0; j < m; j++) {
            weight[k * m + j] = (float)a[k * m + j];
            sum += a[k * m + j] * mean[j];
        }
        bias[k] = (float)-sum;
    }
}

/* x -> kernel values of m anchors -> z = a'(kernel - mean). Anchors and means from all rows, a from a
 * sample. */
static int fit(struct par par, const struct rows *rows, const struct baseline_options *options,
               struct bl_model *model, struct bl_error *err)
{
    const struct bl_tensor *weight = &model->layout.tensor[2];
    const int64_t bits = weight->rows, m = weight->cols;
    struct sample sample = {0};
    double *mean = NULL, *a = NULL;
    int code = bl_alloc(&mean, m, sizeof *mean, "means of kernel values", err);
    if (code == BL_OK)
        code = bl_alloc(&a, bits * m, sizeof *a, "hash functions", err);
    code = par_agree(par, code, err);
    if (code == BL_OK)
        code = par_anchors_fit(par, rows, PAR_WIDTH_MEAN, options->seed, model, err);
    if (code == BL_OK)
        code = find_means(par, rows, model, mean, err);
    if (code == BL_OK)
        code = take_sample(par, rows, options, model, &sample, err);
    if (code == BL_OK)
        code =
            par_agree(par, par.rank == 0 ? solve(&sample, rows->labels, bits, m, mean, a, err) : BL_OK, err);
    if (code == BL_OK) {
        par_broadcast(par, a, bits * m * (int64_t)sizeof *a);
        store(a, mean, bits, m, model->params + weight->offset,
              model->params + model->layout.tensor[3].offset);
        snprintf(model->arithmetic, sizeof model->arithmetic, "bitloom " BITLOOM_VERSION);
        par_arithmetic_add_lapack(par, model->arithmetic);
    }
    sample_free(&sample);
    bl_free(&mean);
    bl_free(&a);
    return code;
}

const struct baseline baseline_ksh = {
    .name = "ksh",
    .summary = "supervised hashing with kernels (Liu et al. 2012)",
    .input = BL_INPUT_RBF,
    .anchors = 300,
    .takes_rows = 1,
    .rows = 1000,
    .needs_labels = 1,
    .fit = fit,
};

#include <string.h>

#include "loss/pair_kernel.h"
#include "loss/similarity.h"
#include "loss/tile.h"

/* The pairwise term over ordered pairs i != j of the global batch; rows i are this rank's, columns j
 * everybody's. likelihood: Li, Wang and Kang, "Feature learning based deep supervised hashing with pairwise
 * labels", IJCAI 2016, eq. 1-2 (with soft s, weights and a scale alpha). literal: the form of the
 * specification, kept as it was written. Since w, s and the loss are symmetric, the gradient of c_i is twice
 * its row's sum and nothing comes back from other ranks. */

static double weight(const struct bl_config_objective *config)
{
    return config->pairwise_weight;
}

static int check(const struct bl_config_objective *config, struct bl_label_layout labels,
                 struct bl_error *err)
{
    return bl_similarity_check(config->pairwise_similarity, labels, err);
}

/* One sum, S1, where the weights need it. */
static struct bl_term_size size(const struct bl_config_objective *config, int64_t bits,
                                struct bl_label_layout labels)
{
    (void)bits;
    (void)labels;
    return (struct bl_term_size){.sums = config->pairwise_balance != BL_BALANCE_NONE};
}

static void prepare(const struct bl_term_in *in)
{
    bl_similarity_prepare(in->config->pairwise_similarity, in->batch, in->scratch);
}

static void sums(const struct bl_term_in *in, double *similar_sum)
{
    *similar_sum += bl_similarity_sum(in->config->pairwise_similarity, in->batch, in->scratch);
}

static double pair_count(const struct bl_batch *batch)
{
    return (double)batch->n_global * (double)(batch->n_global - 1);
}

static double alpha_of(const struct bl_config_objective *config, int64_t bits)
{
    if (config->pairwise_alpha > 0.0)
        return config->pairwise_alpha;
    return config->pairwise_form == BL_FORM_LIKELIHOOD ? 10.0 / (double)bits : 1.0;
}

/* Weights of mean 1 from S1, the global sum of similarities; all 1 when there is only one kind of pair. */
static struct bl_pair_factors pair_factors(const struct bl_config_objective *config,
                                           const struct bl_batch *batch, double similar_sum)
{
    const double z = pair_count(batch), dissimilar_sum = z - similar_sum;
    const double alpha = alpha_of(config, batch->bits);
    struct bl_pair_factors factors = {.similar = 1.0f,
                                      .dissimilar = 1.0f,
                                      .alpha = (float)alpha,
                                      .slope = (float)(2.0 * alpha * config->pairwise_weight / z)};
    if (config->pairwise_balance == BL_BALANCE_BALANCED && similar_sum > 0.0 && dissimilar_sum > 0.0) {
        factors.similar = (float)(z / (2.0 * similar_sum));
        factors.dissimilar = (float)(z / (2.0 * dissimilar_sum));
    } else if (config->pairwise_balance == BL_BALANCE_EXPLICIT) {
        double mean =
            (similar_sum * config->pairwise_similar + dissimilar_sum * config->pairwise_dissimilar) / z;
        if (mean > 0.0) {
            factors.similar = (float)(config->pairwise_similar / mean);
            factors.dissimilar = (float)(config->pairwise_dissimilar / mean);
        }
    }
    return factors;
}

struct tile_task {
    const struct bl_config_objective *config;
    const struct bl_batch *batch;
    const struct bl_term_scratch *scratch;
    struct bl_pair_factors factors;
    double mean; /* 1/Z */
};

/* One run of columns of one row that doesn't contain the pair (i, i). */
static double pair_run(const struct tile_task *task, int64_t i, int64_t lo, int64_t hi, float *product,
                       float *s)
{
    if (lo >= hi)
        return 0.0;
    bl_similarity_row(task->config->pairwise_similarity, task->batch, task->scratch, i, lo, hi, s);
    if (task->config->pairwise_form == BL_FORM_LIKELIHOOD)
        return bl_pair_likelihood(hi - lo, task->factors, product, s);
    return bl_pair_literal(hi - lo, task->factors, product, s);
}

/* Row i of the batch against columns [lo, hi): product [hi - lo] becomes the gradient's factors, 0 at the
 * pair (i, i). */
static double pair_row(const struct tile_task *task, int64_t i, int64_t lo, int64_t hi, float *product,
                       float *s)
{
    if (i < lo || i >= hi)
        return pair_run(task, i, lo, hi, product, s);
    double loss = pair_run(task, i, lo, i, product, s);
    product[i - lo] = 0.0f;
    return loss + pair_run(task, i, i + 1, hi, product + (i + 1 - lo), s);
}

/* Rows [row, row + n) of this rank against the whole batch, tile by tile in ascending columns. */
static void tile_rows(const struct tile_task *task, int thread, int64_t row, int64_t n, float *dh,
                      double *row_values)
{
    const struct bl_batch *batch = task->batch;
    const struct bl_product *product = task->scratch->product;
    const int64_t first = batch->first + row, bits = batch->bits, stride = batch->codes_stride;
    const float *own = batch->codes + first * stride;
    float *tile = task->scratch->tiles + thread * BL_TILE_FLOATS;
    float *s = tile + BL_TILE_ROWS * BL_TILE_COLUMNS;
    for (int64_t lo = 0; lo < batch->n_global; lo += BL_TILE_COLUMNS) {
        const int64_t hi = lo + BL_TILE_COLUMNS < batch->n_global ? lo + BL_TILE_COLUMNS : batch->n_global;
        const float *others = batch->codes + lo * stride;
        bl_product_run(product, thread, BL_PLAIN, BL_TRANSPOSED, n, hi - lo, bits, own, stride, others,
                       stride, 0, tile, BL_TILE_COLUMNS);
        for (int64_t i = 0; i < n; i++)
            row_values[row + i] +=
                task->mean * pair_row(task, first + i, lo, hi, tile + i * BL_TILE_COLUMNS, s);
        bl_product_run(product, thread, BL_PLAIN, BL_PLAIN, n, bits, hi - lo, tile, BL_TILE_COLUMNS, others,
                       stride, 1, dh + row * bits, bits);
    }
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const double similar_sum = in->config->pairwise_balance != BL_BALANCE_NONE ? in->sums[0] : 0.0;
    const struct tile_task task = {in->config, batch, in->scratch,
                                   pair_factors(in->config, batch, similar_sum), 1.0 / pair_count(batch)};
#pragma omp parallel for schedule(static) num_threads(in->scratch->product->threads)
    for (int64_t row = 0; row < batch->n_local; row += BL_TILE_ROWS) {
        int64_t n = row + BL_TILE_ROWS < batch->n_local ? BL_TILE_ROWS : batch->n_local - row;
        tile_rows(&task, bl_tile_thread(), row, n, out->dh, out->row_values);
    }
}

const struct bl_term bl_term_pairwise = {.name = "pairwise",
                                         .weight = weight,
                                         .needs_codes = 1,
                                         .check = check,
                                         .size = size,
                                         .prepare = prepare,
                                         .sums = sums,
                                         .bound = pair_count,
                                         .rows = rows};

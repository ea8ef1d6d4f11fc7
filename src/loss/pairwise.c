#include <string.h>

#include "loss/pair_kernel.h"
#include "loss/similarity.h"
#include "loss/tile.h"
#include "math/blas.h"

/* The pairwise term over ordered pairs i != j of the global batch; rows i are this rank's, columns j
 * everybody's. likelihood: Li, Wang and Kang, "Feature learning based deep supervised hashing with pairwise
 * labels", IJCAI 2016, eq. 1-2 (with soft s, weights and a scale alpha). literal: the form of the
 * specification, kept as it was written. Since w, s and the loss are symmetric, the gradient of c_i is twice
 * its row's sum and nothing comes back from other ranks. */

static double weight(const struct bl_config_objective *config)
{
    return config->pairwise_weight;
}

static void sums(const struct bl_config_objective *config, const struct bl_batch *batch,
                 const struct bl_term_scratch *scratch, double *out)
{
    bl_similarity_prepare(config->pairwise_similarity, batch, scratch);
    if (config->pairwise_balance != BL_BALANCE_NONE)
        out[0] += bl_similarity_sum(config->pairwise_similarity, batch, scratch);
}

static double pair_count(const struct bl_batch *batch)
{
    return (double)batch->n_global * (double)(batch->n_global - 1);
}

/* Weights of mean 1 from S1, the global sum of similarities; all 1 when there is only one kind of pair. */
static struct bl_pair_weights pair_weights(const struct bl_config_objective *config,
                                           const struct bl_batch *batch, double similar_sum)
{
    const double z = pair_count(batch), dissimilar_sum = z - similar_sum;
    struct bl_pair_weights weights = {1.0f, 1.0f};
    if (config->pairwise_balance == BL_BALANCE_BALANCED && similar_sum > 0.0 && dissimilar_sum > 0.0) {
        weights.similar = (float)(z / (2.0 * similar_sum));
        weights.dissimilar = (float)(z / (2.0 * dissimilar_sum));
    } else if (config->pairwise_balance == BL_BALANCE_EXPLICIT) {
        double mean =
            (similar_sum * config->pairwise_similar + dissimilar_sum * config->pairwise_dissimilar) / z;
        if (mean > 0.0) {
            weights.similar = (float)(config->pairwise_similar / mean);
            weights.dissimilar = (float)(config->pairwise_dissimilar / mean);
        }
    }
    return weights;
}

static double alpha_of(const struct bl_config_objective *config, int64_t bits)
{
    if (config->pairwise_alpha > 0.0)
        return config->pairwise_alpha;
    return config->pairwise_form == BL_FORM_LIKELIHOOD ? 10.0 / (double)bits : 1.0;
}

struct tile_task {
    const struct bl_config_objective *config;
    const struct bl_batch *batch;
    const struct bl_term_scratch *scratch;
    struct bl_pair_weights weights;
    float alpha;
    float gradient_scale; /* 2 alpha weight / Z */
};

/* One run of columns of one row that doesn't contain the pair (i, i). */
static double pair_run(const struct tile_task *task, int64_t i, int64_t lo, int64_t hi, float *theta,
                       float *s)
{
    if (lo >= hi)
        return 0.0;
    bl_similarity_row(task->config->pairwise_similarity, task->batch, task->scratch, i, lo, hi, s);
    if (task->config->pairwise_form == BL_FORM_LIKELIHOOD)
        return bl_pair_likelihood(hi - lo, task->weights, theta, s);
    return bl_pair_literal(hi - lo, task->weights, theta, s);
}

/* Row i of the batch against columns [lo, hi): theta [hi - lo] becomes the derivative, 0 at the pair (i, i).
 */
static double pair_row(const struct tile_task *task, int64_t i, int64_t lo, int64_t hi, float *theta,
                       float *s)
{
    if (i < lo || i >= hi)
        return pair_run(task, i, lo, hi, theta, s);
    double loss = pair_run(task, i, lo, i, theta, s);
    theta[i - lo] = 0.0f;
    return loss + pair_run(task, i, i + 1, hi, theta + (i + 1 - lo), s);
}

/* Rows [row, row + n) of this rank against the whole batch, tile by tile in ascending columns. */
static double tile_rows(const struct tile_task *task, int64_t row, int64_t n, float *tile, float *dh)
{
    const struct bl_batch *batch = task->batch;
    const int64_t first = batch->first + row, bits = batch->bits, stride = batch->codes_stride;
    const float *own = batch->codes + first * stride;
    float *s = tile + BL_TILE_ROWS * BL_TILE_COLUMNS;
    double loss = 0.0;
    for (int64_t lo = 0; lo < batch->n_global; lo += BL_TILE_COLUMNS) {
        const int64_t hi = lo + BL_TILE_COLUMNS < batch->n_global ? lo + BL_TILE_COLUMNS : batch->n_global;
        const float *others = batch->codes + lo * stride;
        bl_matmul(BL_PLAIN, BL_TRANSPOSED, n, hi - lo, bits, task->alpha, own, stride, others, stride, 0.0f,
                  tile, BL_TILE_COLUMNS);
        for (int64_t i = 0; i < n; i++)
            loss += pair_row(task, first + i, lo, hi, tile + i * BL_TILE_COLUMNS, s);
        bl_matmul(BL_PLAIN, BL_PLAIN, n, bits, hi - lo, task->gradient_scale, tile, BL_TILE_COLUMNS, others,
                  stride, 1.0f, dh + row * bits, bits);
    }
    return loss;
}

static double rows(const struct bl_config_objective *config, const struct bl_batch *batch,
                   const struct bl_term_scratch *scratch, const double *term_sums, float *dh)
{
    const double z = pair_count(batch), alpha = alpha_of(config, batch->bits);
    struct tile_task task = {config,       batch,
                             scratch,      pair_weights(config, batch, term_sums[0]),
                             (float)alpha, (float)(2.0 * alpha * config->pairwise_weight / z)};
    double loss = 0.0;
    /* Losses are kept per tile and added in order: the same bits with any number of threads. */
    const int64_t n_tiles = (batch->n_local + BL_TILE_ROWS - 1) / BL_TILE_ROWS;
    double *part = scratch->tile_loss;
#pragma omp parallel for schedule(static) num_threads((int)scratch->threads)
    for (int64_t t = 0; t < n_tiles; t++) {
        int64_t row = t * BL_TILE_ROWS;
        int64_t n = row + BL_TILE_ROWS < batch->n_local ? BL_TILE_ROWS : batch->n_local - row;
        part[t] = tile_rows(&task, row, n, scratch->tiles + bl_tile_thread() * BL_TILE_FLOATS, dh);
    }
    for (int64_t t = 0; t < n_tiles; t++)
        loss += part[t];
    return loss / z;
}

const struct bl_term bl_term_pairwise = {
    .name = "pairwise", .weight = weight, .needs_labels = 1, .needs_codes = 1, .sums = sums, .rows = rows};

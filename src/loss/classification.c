#include <string.h>

#include "loss/softmax.h"
#include "loss/term.h"
#include "loss/tile.h"

/* Cross-entropy of a linear classifier on the code: (1/N) sum over rows of that of softmax(V c_i + v) against
 * the label; for label matrices the mean of the binary cross-entropies of the C columns. V and v are trained
 * with the network. A row without labels adds nothing. Softmax cross-entropy: Bishop, "Pattern recognition
 * and machine learning", 2006, eq. 4.108-4.109; on codes beside a pairwise term: Li, Sun, He and Tan, "Deep
 * supervised discrete hashing", NIPS 2017; on signs with a straight-through estimator: Su et al., "Greedy
 * hash", NeurIPS 2018, eq. 8. */

/* Work: each row's logits, which are overwritten by its residuals. */
static struct bl_term_size size(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels)
{
    (void)config;
    (void)network;
    (void)bits;
    return (struct bl_term_size){.row_floats = labels.classes};
}

static void tensors(int64_t bits, struct bl_label_layout labels, struct bl_layout *layout)
{
    bl_layout_append(layout, "classifier/weight", 1, labels.classes, bits);
    bl_layout_append(layout, "classifier/bias", 0, labels.classes, 1);
}

/* Turns one row's logits V c, without v, into its residuals. */
static double residual(const struct bl_batch *batch, const float *bias, float scale, int64_t row,
                       float *logit)
{
    const int64_t n = batch->label_layout.classes;
    const uint32_t *labels = batch->labels + (batch->first + row) * batch->label_layout.words;
    const int single = batch->label_layout.kind == BL_LABELS_SINGLE;
    if (!bl_label_any(batch->label_layout, labels)) {
        memset(logit, 0, (size_t)n * sizeof *logit);
        return 0.0;
    }
    for (int64_t c = 0; c < n; c++)
        logit[c] += bias[c];
    return single ? bl_softmax_row(n, (int32_t)*labels, scale, logit)
                  : bl_sigmoid_row(n, labels, scale, logit);
}

/* Rows [row, row + n): their residuals go into work, their gradient into dh. */
static void row_block(const struct bl_term_in *in, const struct bl_term_out *out, int thread, int64_t row,
                      int64_t n)
{
    const struct bl_batch *batch = in->batch;
    const struct bl_product *product = in->scratch->product;
    const int64_t classes = batch->label_layout.classes, bits = batch->bits, stride = batch->codes_stride;
    const float *classifier = in->params, *bias = in->params + classes * bits;
    const float *codes = batch->codes + (batch->first + row) * stride;
    const double mean = 1.0 / (double)batch->n_global;
    const float scale = (float)(in->weight * mean);
    float *work = in->scratch->work + row * classes;
    bl_product_run(product, thread, BL_PLAIN, BL_TRANSPOSED, n, classes, bits, codes, stride, classifier,
                   bits, 0, work, classes);
    for (int64_t i = 0; i < n; i++)
        out->row_values[row + i] += mean * residual(batch, bias, scale, row + i, work + i * classes);
    bl_product_run(product, thread, BL_PLAIN, BL_PLAIN, n, bits, classes, work, classes, classifier, bits, 1,
                   out->dh + row * bits, bits);
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const struct bl_product *product = in->scratch->product;
    const int64_t classes = batch->label_layout.classes, bits = batch->bits;
#pragma omp parallel for schedule(static) num_threads(product->threads)
    for (int64_t row = 0; row < batch->n_local; row += BL_TILE_ROWS)
        row_block(in, out, bl_tile_thread(), row,
                  row + BL_TILE_ROWS < batch->n_local ? BL_TILE_ROWS : batch->n_local - row);
    const struct bl_grid_sums to_weight = bl_grad_at(out->grad, 0, out->tensor, out->at);
    const struct bl_grid_sums to_bias = bl_grad_at(out->grad, 0, out->tensor + 1, out->at + classes * bits);
    bl_product_groups(product, 0, classes, bits, in->scratch->work, classes,
                      batch->codes + batch->first * batch->codes_stride, batch->codes_stride, out->groups,
                      &to_weight, bits);
    bl_product_group_sums(product, 0, classes, in->scratch->work, classes, out->groups, &to_bias);
}

const struct bl_term bl_term_classification = {
    .needs_classes = 1, .size = size, .tensors = tensors, .rows = rows};

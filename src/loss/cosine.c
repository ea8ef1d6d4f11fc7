#include <math.h>
#include <string.h>

#include "loss/class_codes.h"
#include "loss/softmax.h"
#include "loss/term.h"
#include "loss/tile.h"

/* Softmax cross-entropy of a classifier whose weights are the classes' fixed codes t and whose logits are
 * scale (cos(c, t) - margin at the row's own class): (1/N) sum over rows; a row of several labels has the
 * margin at each and an equal share of each in its distribution. A row without labels adds nothing. Hoe et
 * al., "One loss for all: deep hashing with a single cosine similarity based learning objective", NeurIPS
 * 2021, section 3.2, with the margin and the label smoothing of their experiments. They take the cosine of
 * the output before any tanh; here it is that of the code c, as in every term. */

/* cos(c, t) = c't / (|t| sqrt(|c|^2 + K small)): smooth where c = 0. */
static const double small = 1e-6;

/* Work for each row: its products with all codes, overwritten by logits and then residuals; its gradient. */
static struct bl_term_size size(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels)
{
    (void)network;
    (void)config;
    return (struct bl_term_size){.row_floats = labels.classes + bits,
                                 .constants = bl_class_codes_floats(labels.classes, bits)};
}

static double dot(int64_t n, const float *a, const float *b)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static double length(int64_t bits, const float *c)
{
    return sqrt(dot(bits, c, c) + (double)bits * small);
}

/* Turns one row's products with the codes into the residuals of its logits; returns its cross-entropy. */
static double residual(const struct bl_term_in *in, int64_t row, const float *c, float *logit)
{
    const struct bl_batch *batch = in->batch;
    const struct bl_label_layout layout = batch->label_layout;
    const uint32_t *labels = batch->labels + (batch->first + row) * layout.words;
    const int64_t n = layout.classes;
    const int single = layout.kind == BL_LABELS_SINGLE;
    const double scale = in->config->cosine_scale;
    const float to_logit = (float)(scale / (length(batch->bits, c) * sqrt((double)batch->bits)));
    const float margin = (float)(scale * in->config->cosine_margin);
    const float out = (float)(in->weight / (double)batch->n_global);
    if (!bl_label_any(layout, labels)) {
        memset(logit, 0, (size_t)n * sizeof *logit);
        return 0.0;
    }
    for (int64_t k = 0; k < n; k++) {
        const int own = single ? (int32_t)*labels == k : (int)(labels[k / 32] >> (k % 32) & 1u);
        logit[k] = to_logit * logit[k] - (own ? margin : 0.0f);
    }
    return single ? bl_softmax_row(n, (int32_t)*labels, out, logit)
                  : bl_softmax_shared_row(n, labels, out, logit);
}

/* d += the gradient in c, where g is the gradient in scale c/(|c| sqrt(K)): g without its component along
 * c. */
static void add_gradient(const struct bl_term_in *in, const float *c, const float *g, float *d)
{
    const int64_t bits = in->batch->bits;
    const double l = length(bits, c), factor = in->config->cosine_scale / (l * sqrt((double)bits));
    const float across = (float)factor, along = (float)(factor * dot(bits, g, c) / (l * l));
    for (int64_t k = 0; k < bits; k++)
        d[k] += across * g[k] - along * c[k];
}

/* Rows [row, row + n). */
static void row_block(const struct bl_term_in *in, const struct bl_term_out *out, int thread, int64_t row,
                      int64_t n)
{
    const struct bl_batch *batch = in->batch;
    const struct bl_product *product = in->scratch->product;
    const int64_t classes = batch->label_layout.classes, bits = batch->bits, stride = batch->codes_stride;
    const float *c = batch->codes + (batch->first + row) * stride;
    const double mean = 1.0 / (double)batch->n_global;
    float *logits = in->scratch->work + row * (classes + bits), *gradient = logits + n * classes;
    bl_product_run(product, thread, BL_PLAIN, BL_TRANSPOSED, n, classes, bits, c, stride, in->constants, bits,
                   0, logits, classes);
    for (int64_t i = 0; i < n; i++)
        out->row_values[row + i] += mean * residual(in, row + i, c + i * stride, logits + i * classes);
    bl_product_run(product, thread, BL_PLAIN, BL_PLAIN, n, bits, classes, logits, classes, in->constants,
                   bits, 0, gradient, bits);
    for (int64_t i = 0; i < n; i++)
        add_gradient(in, c + i * stride, gradient + i * bits, out->dh + (row + i) * bits);
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const int64_t n = in->batch->n_local;
#pragma omp parallel for schedule(static) num_threads(in->scratch->product->threads)
    for (int64_t row = 0; row < n; row += BL_TILE_ROWS)
        row_block(in, out, bl_tile_thread(), row, row + BL_TILE_ROWS < n ? BL_TILE_ROWS : n - row);
}

const struct bl_term bl_term_cosine = {
    .needs_classes = 1, .size = size, .constants = bl_class_codes_make, .rows = rows};

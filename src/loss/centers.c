#include "base/functions.h"
#include "loss/class_codes.h"
#include "loss/term.h"
#include "loss/tile.h"

/* How well each bit predicts that of the class's fixed code t: (1/NK) sum of -log((1 + t h)/2), the binary
 * cross-entropy between (h + 1)/2 and (t + 1)/2; gradient -t/(1 + t h)/(NK). A row without labels adds
 * nothing. Yuan et al., "Central similarity quantization for efficient image and video retrieval", CVPR 2020,
 * the loss L_C. */

/* The smallest 1 + t h above 0 when h is a tanh in float. Used in place of 0 too, so that value and gradient
 * stay finite. */
static const float least = 0x1p-24f;

static struct bl_term_size size(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels)
{
    (void)network;
    (void)config;
    return (struct bl_term_size){.row_floats = labels.kind == BL_LABELS_MULTI ? bits : 0,
                                 .constants = bl_class_codes_floats(labels.classes, bits)};
}

/* The sum over bits; adds scale x its gradient to d. */
static double row_value(int64_t bits, const float *h, const float *target, float scale, float *d)
{
    double value = 0.0, product = 1.0;
    for (int64_t k = 0; k < bits; k++) {
        const float x = 1.0f + target[k] * h[k], kept = x < least ? least : x;
        product *= 0.5 * (double)kept;
        d[k] -= scale * target[k] / kept;
        if (k % BL_CENTERS_BITS == BL_CENTERS_BITS - 1 || k == bits - 1) {
            value -= bl_log(product);
            product = 1.0;
        }
    }
    return value;
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const struct bl_label_layout layout = batch->label_layout;
    const int64_t bits = batch->bits;
    const double mean = 1.0 / ((double)batch->n_global * (double)bits);
    const float scale = (float)(in->weight * mean);
#pragma omp parallel for schedule(static) num_threads(in->scratch->product->threads)
    for (int64_t i = 0; i < batch->n_local; i++) {
        const uint32_t *labels = batch->labels + (batch->first + i) * layout.words;
        const float *target =
            bl_class_codes_row(layout, labels, in->constants, bits, in->scratch->work + i * bits);
        if (target)
            out->row_values[i] +=
                mean * row_value(bits, batch->h + i * bits, target, scale, out->dh + i * bits);
    }
}

const struct bl_term bl_term_centers = {
    .needs_classes = 1, .size = size, .constants = bl_class_codes_make, .rows = rows};

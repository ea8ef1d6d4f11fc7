#include "hash/code.h"
#include "loss/term.h"

static double weight(const struct bl_config_objective *config)
{
    return config->quantization_weight;
}

/* (1/2NK) sum |b - h|^2 with b = sign(h) held constant; gradient (h - b)/(NK).
 * Liong et al., "Deep hashing for compact binary codes learning", CVPR 2015, eq. 3. sign(tanh(z)) = sign(z),
 * also at zero. */
static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const double mean = 1.0 / ((double)batch->n_global * (double)batch->bits);
    const float scale = (float)(in->config->quantization_weight * mean);
    for (int64_t i = 0; i < batch->n_local; i++) {
        const float *h = batch->h + i * batch->bits;
        float *d = out->dh + i * batch->bits;
        double value = 0.0;
        for (int64_t k = 0; k < batch->bits; k++) {
            float gap = h[k] - bl_code_sign(h[k]);
            value += (double)gap * (double)gap;
            d[k] += scale * gap;
        }
        out->row_values[i] += 0.5 * mean * value;
    }
}

const struct bl_term bl_term_quantization = {.name = "quantization", .weight = weight, .rows = rows};

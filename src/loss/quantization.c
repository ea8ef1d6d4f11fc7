#include "base/isa.h"
#include "hash/code.h"
#include "loss/term.h"
#include "math/vexp.h"

/* (1/NK) sum of f(1 - |h|), the distance of each bit to its corner sign(h) = sign(z), which is held constant;
 * gradient -f'(1 - |h|) sign(h)/(NK). The forms of f:
 *
 * squared, x^2/2: (1/2)|b - h|^2 of Liong et al., "Deep hashing for compact binary codes learning", CVPR
 * 2015, eq. 3.
 *
 * log-cosh, log cosh x: L_Q of Yuan et al., "Central similarity quantization for efficient image and video
 * retrieval", CVPR 2020, with h in (-1, 1) for their 2h - 1.
 *
 * cubic, x^3: the penalty of Su et al., "Greedy hash", NeurIPS 2018, section 3.4. */

static double weight(const struct bl_config_objective *config)
{
    return config->quantization_weight;
}

struct bend {
    float value, slope;
};

/* f and its derivative at x in [0, 1]. */
BL_INLINE struct bend bend(int form, float x)
{
    if (form == BL_QUANTIZATION_SQUARED)
        return (struct bend){0.5f * x * x, x};
    if (form == BL_QUANTIZATION_CUBIC)
        return (struct bend){x * x * x, 3.0f * x * x};
    const float log_2 = 0.693147181f;
    return (struct bend){x + bl_log1p_unit(bl_exp_negative(-2.0f * x)) - log_2, bl_tanh(x)};
}

/* Returns the sum over bits; adds scale x its gradient to d. */
static double row_value(int form, int64_t bits, const float *h, float scale, float *d)
{
    double value = 0.0;
    for (int64_t k = 0; k < bits; k++) {
        const float sign = bl_code_sign(h[k]);
        const struct bend f = bend(form, 1.0f - sign * h[k]);
        value += (double)f.value;
        d[k] -= scale * f.slope * sign;
    }
    return value;
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const double mean = 1.0 / ((double)batch->n_global * (double)batch->bits);
    const float scale = (float)(in->config->quantization_weight * mean);
    for (int64_t i = 0; i < batch->n_local; i++)
        out->row_values[i] += mean * row_value(in->config->quantization_form, batch->bits,
                                               batch->h + i * batch->bits, scale, out->dh + i * batch->bits);
}

const struct bl_term bl_term_quantization = {.name = "quantization", .weight = weight, .rows = rows};

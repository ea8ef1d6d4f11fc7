#include <math.h>

#include "base/functions.h"
#include "base/isa.h"
#include "hash/code.h"
#include "loss/term.h"
#include "math/lanes.h"
#include "math/vexp.h"

/* (1/NK) sum of f(1 - |h|), of the distance of each bit from its sign b = sign(h) = sign(z), which counts as
 * a constant; gradient -f'(1 - |h|) sign(h)/(NK). The forms of f:
 *
 * squared, x^2/2: (1/2)|b - h|^2 of Liong et al., "Deep hashing for compact binary codes learning", CVPR
 * 2015, eq. 3.
 *
 * log-cosh, log cosh x: L_Q of Yuan et al., "Central similarity quantization for efficient image and video
 * retrieval", CVPR 2020, with h in (-1, 1) for their 2h - 1.
 *
 * cubic, x^3: the penalty of Su et al., "Greedy hash", NeurIPS 2018, section 3.4.
 *
 * absolute, x: ||h| - 1|_1 of Liu et al., "Deep supervised hashing for fast image retrieval", CVPR 2016, eq.
 * 3.
 *
 * And the form cauchy, of whole codes: (1/N) sum log(1 + d/gamma), d = (K/2)(1 - cos(|h|, 1)), of Cao et al.,
 * "Deep Cauchy hashing for Hamming space retrieval", CVPR 2018, eq. 9. */

struct bend {
    float value, slope;
};

/* f and its derivative at x in [0, 1]. */
BL_INLINE struct bend bend(int form, float x)
{
    if (form == BL_QUANTIZATION_SQUARED)
        return (struct bend){0.5f * x * x, x};
    if (form == BL_QUANTIZATION_ABSOLUTE)
        return (struct bend){x, 1.0f};
    if (form == BL_QUANTIZATION_CUBIC)
        return (struct bend){x * x * x, 3.0f * x * x};
    const float log_2 = 0.693147181f;
    return (struct bend){x + bl_log1p_unit(bl_exp_negative(-2.0f * x)) - log_2, bl_tanh(x)};
}

/* n <= 16 bits. */
BL_INLINE void add_bits(int form, int64_t n, const float *restrict h, float scale, float *restrict d,
                        double *restrict lane)
{
    for (int64_t k = 0; k < n; k++) {
        const float sign = bl_code_sign(h[k]);
        const struct bend f = bend(form, 1.0f - sign * h[k]);
        d[k] -= scale * f.slope * sign;
        lane[k] += (double)f.value;
    }
}

/* Returns the sum over bits, in 16 lanes for any width of registers; adds scale x its gradient to d. */
BL_INLINE double add_row(int form, int64_t bits, const float *h, float scale, float *d)
{
    double lane[BL_LANES] = {0};
    int64_t k = 0;
    for (; k + BL_LANES <= bits; k += BL_LANES)
        add_bits(form, BL_LANES, h + k, scale, d + k, lane);
    add_bits(form, bits - k, h + k, scale, d + k, lane);
    return bl_lanes_fold(lane);
}

/* One loop for each form, without a branch for the form inside. */
BL_KERNEL static double row_value(int form, int64_t bits, const float *h, float scale, float *d)
{
    switch (form) {
    case BL_QUANTIZATION_SQUARED:
        return add_row(BL_QUANTIZATION_SQUARED, bits, h, scale, d);
    case BL_QUANTIZATION_ABSOLUTE:
        return add_row(BL_QUANTIZATION_ABSOLUTE, bits, h, scale, d);
    case BL_QUANTIZATION_CUBIC:
        return add_row(BL_QUANTIZATION_CUBIC, bits, h, scale, d);
    default:
        return add_row(BL_QUANTIZATION_LOG_COSH, bits, h, scale, d);
    }
}

/* cos(|h|, 1) is cos(h, b), b = sign(h). With l = 1/|h|: d cos/dh = (b/sqrt(K) - cos h l) l. A row of zeros
 * is at a right angle to every b. Returns the row's value; adds scale x its gradient to d. */
static double cauchy_value(double gamma, int64_t bits, const float *h, double scale, float *d)
{
    const double half = 0.5 * (double)bits, root = 1.0 / sqrt((double)bits);
    double sum = 0.0, square = 0.0;
    for (int64_t k = 0; k < bits; k++) {
        sum += fabs((double)h[k]);
        square += (double)h[k] * (double)h[k];
    }
    const double inverse = square > 0.0 ? 1.0 / sqrt(square) : square; /* 0, or NaN */
    const double cosine = sum * root * inverse, distance = half * (1.0 - cosine);
    const double step = -scale * half * inverse / (gamma + distance);
    for (int64_t k = 0; k < bits; k++)
        d[k] += (float)(step * ((double)bl_code_sign(h[k]) * root - cosine * (double)h[k] * inverse));
    return bl_log1p(distance / gamma);
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_config_objective *config = in->config;
    const struct bl_batch *batch = in->batch;
    const int64_t bits = batch->bits;
    const int whole = config->quantization_form == BL_QUANTIZATION_CAUCHY;
    const double mean = 1.0 / ((double)batch->n_global * (whole ? 1.0 : (double)bits));
    const double scale = in->weight * mean;
    for (int64_t i = 0; i < batch->n_local; i++) {
        const float *h = batch->h + i * bits;
        float *d = out->dh + i * bits;
        out->row_values[i] += mean * (whole ? cauchy_value(config->gamma, bits, h, scale, d)
                                            : row_value(config->quantization_form, bits, h, (float)scale, d));
    }
}

/* Any code of signs will do. */
static int is_blind(const struct bl_config_objective *config, int64_t bits)
{
    (void)config;
    (void)bits;
    return 1;
}

const struct bl_term bl_term_quantization = {.is_blind = is_blind, .rows = rows};

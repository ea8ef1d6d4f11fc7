#include <math.h>

#include "base/functions.h"
#include "hash/code.h"
#include "loss/term.h"

/* How far h is from a corner b = sign(h), which is held constant (sign(tanh(z)) = sign(z), also at zero).
 * Each form gives one row's value and adds scale x its gradient to d.
 *
 * square: (1/2NK) sum |b - h|^2. Liong et al., "Deep hashing for compact binary codes learning", CVPR 2015,
 *   eq. 3.
 * absolute: (1/NK) sum ||h| - 1|_1. Liu et al., "Deep supervised hashing for fast image retrieval", CVPR
 * 2016, eq. 3. cauchy: (1/N) sum log(1 + d/gamma), d = (K/2)(1 - cos(|h|, 1)). Cao et al., "Deep Cauchy
 * hashing for Hamming space retrieval", CVPR 2018, eq. 9. Since |h| = bh, cos(|h|, 1) = cos(h, b). */

static double weight(const struct bl_config_objective *config)
{
    return config->quantization_weight;
}

static double square_row(const struct bl_config_objective *config, int64_t bits, const float *h, double scale,
                         float *d)
{
    const float step = (float)scale;
    double value = 0.0;
    (void)config;
    for (int64_t k = 0; k < bits; k++) {
        float gap = h[k] - bl_code_sign(h[k]);
        value += (double)gap * (double)gap;
        d[k] += step * gap;
    }
    return 0.5 * value;
}

/* |h| < 1, so that |h| - 1 has one sign. */
static double absolute_row(const struct bl_config_objective *config, int64_t bits, const float *h,
                           double scale, float *d)
{
    const float step = (float)scale;
    double value = 0.0;
    (void)config;
    for (int64_t k = 0; k < bits; k++) {
        value += 1.0 - fabs((double)h[k]);
        d[k] -= step * bl_code_sign(h[k]);
    }
    return value;
}

/* With l = 1/|h|: d cos/dh = (b/sqrt(K) - cos h l) l. A row of zeros is at a right angle to every b. */
static double cauchy_row(const struct bl_config_objective *config, int64_t bits, const float *h, double scale,
                         float *d)
{
    const double half = 0.5 * (double)bits, root = 1.0 / sqrt((double)bits);
    double sum = 0.0, square = 0.0;
    for (int64_t k = 0; k < bits; k++) {
        sum += fabs((double)h[k]);
        square += (double)h[k] * (double)h[k];
    }
    const double inverse = square > 0.0 ? 1.0 / sqrt(square) : square; /* 0, or what isn't a number */
    const double cosine = sum * root * inverse, distance = half * (1.0 - cosine);
    const double step = -scale * half * inverse / (config->gamma + distance);
    for (int64_t k = 0; k < bits; k++)
        d[k] += (float)(step * ((double)bl_code_sign(h[k]) * root - cosine * (double)h[k] * inverse));
    return bl_log1p(distance / config->gamma);
}

struct form {
    int per_bit; /* sums over bits, which are divided by K */
    double (*row)(const struct bl_config_objective *config, int64_t bits, const float *h, double scale,
                  float *d);
};

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    static const struct form forms[] = {[BL_QUANTIZATION_SQUARE] = {1, square_row},
                                        [BL_QUANTIZATION_ABSOLUTE] = {1, absolute_row},
                                        [BL_QUANTIZATION_CAUCHY] = {0, cauchy_row}};
    const struct form *form = &forms[in->config->quantization_form];
    const struct bl_batch *batch = in->batch;
    const int64_t bits = batch->bits;
    const double mean = 1.0 / ((double)batch->n_global * (form->per_bit ? (double)bits : 1.0));
    const double scale = in->config->quantization_weight * mean;
    for (int64_t i = 0; i < batch->n_local; i++)
        out->row_values[i] +=
            mean * form->row(in->config, bits, batch->h + i * bits, scale, out->dh + i * bits);
}

const struct bl_term bl_term_quantization = {.name = "quantization", .weight = weight, .rows = rows};

/* Forms made of log sigma(theta), theta = alpha c_i'c_j.
 *
 * likelihood: softplus(theta) - s theta: Li, Wang and Kang, "Feature learning based deep supervised hashing
 *   with pairwise labels", IJCAI 2016, eq. 1-2 (DPSH); Cao, Long, Wang and Yu, "HashNet: deep learning to
 * hash by continuation", ICCV 2017, eq. 4. literal: -y log sigma(theta), y = 2s - 1, for s in {0, 1}: the
 * form of the specification, as it was written. mixed: Zhang, Zou, Lin, Chen and Wang, "Improved deep hashing
 * with soft pairwise similarity for multi-label image retrieval", IEEE Transactions on Multimedia 2020
 * (IDHN): the likelihood for pairs whose labels are disjoint or equal, soft K ((p/K + 1)/2 - s)^2 for those
 * between. Which are which is decided as in the authors' code: hard is s < 0.01 or s > 0.99. */
#include <math.h>

#include "base/isa.h"
#include "loss/pair_form.h"
#include "math/vexp.h"

#define HARD_BELOW 0.01f
#define HARD_ABOVE 0.99f

/* With e = exp(-|t|): softplus = max(t, 0) + log1p(e), sigma = 1/(1+e) or e/(1+e). One exponential a pair.
 * Accuracy: 4e-7 of max(1, |t|) in softplus and 3e-7 in sigma (tested). */
struct logistic {
    float sigma, softplus;
};

BL_INLINE struct logistic logistic_of(float t)
{
    const float e = bl_exp_negative(-fabsf(t));
    const float inverse = 1.0f / (1.0f + e);
    return (struct logistic){t >= 0.0f ? inverse : e * inverse, (t > 0.0f ? t : 0.0f) + bl_log1p_unit(e)};
}

BL_KERNEL static void likelihood_pass(int64_t n, float similar, float dissimilar, float alpha, float slope,
                                      float *restrict product, float *restrict s)
{
    for (int64_t i = 0; i < n; i++) {
        const float t = alpha * product[i];
        const struct logistic l = logistic_of(t);
        const float w = dissimilar + s[i] * (similar - dissimilar);
        product[i] = slope * (w * (l.sigma - s[i]));
        s[i] = w * (l.softplus - s[i] * t);
    }
}

BL_KERNEL static void literal_pass(int64_t n, float similar, float dissimilar, float alpha, float slope,
                                   float *restrict product, float *restrict s)
{
    for (int64_t i = 0; i < n; i++) {
        const struct logistic l = logistic_of(-(alpha * product[i]));
        const float wy = (2.0f * s[i] - 1.0f) * (dissimilar + s[i] * (similar - dissimilar));
        product[i] = -slope * (wy * l.sigma);
        s[i] = wy * l.softplus;
    }
}

/* per_bit = 1/K; soft_slope = soft / alpha, so that both kinds of pairs share the slope. */
BL_KERNEL static void mixed_pass(int64_t n, float similar, float dissimilar, float alpha, float slope,
                                 float per_bit, float soft, float soft_slope, float *restrict product,
                                 float *restrict s)
{
    for (int64_t i = 0; i < n; i++) {
        const float t = alpha * product[i];
        const struct logistic l = logistic_of(t);
        const float gap = 0.5f * (product[i] * per_bit + 1.0f) - s[i];
        const int hard = (s[i] < HARD_BELOW) | (s[i] > HARD_ABOVE);
        const float derivative = hard ? l.sigma - s[i] : soft_slope * gap;
        const float loss = hard ? l.softplus - s[i] * t : soft * (gap * gap);
        const float w = dissimilar + s[i] * (similar - dissimilar);
        product[i] = slope * (w * derivative);
        s[i] = w * loss;
    }
}

static void likelihood(const struct bl_pair_factors *factors, const struct bl_pair_row *row)
{
    likelihood_pass(row->n, factors->similar, factors->dissimilar, factors->alpha, factors->slope,
                    row->product, row->s);
}

static void literal(const struct bl_pair_factors *factors, const struct bl_pair_row *row)
{
    literal_pass(row->n, factors->similar, factors->dissimilar, factors->alpha, factors->slope, row->product,
                 row->s);
}

static void mixed(const struct bl_pair_factors *factors, const struct bl_pair_row *row)
{
    mixed_pass(row->n, factors->similar, factors->dissimilar, factors->alpha, factors->slope,
               1.0f / factors->bits, factors->soft * factors->bits, factors->soft / factors->alpha,
               row->product, row->s);
}

static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

static double likelihood_naive(const struct bl_pair *pair, double *a, double *b)
{
    const double theta = pair->alpha * pair->product;
    *a = pair->alpha * (sigmoid(theta) - pair->s);
    *b = 0.0;
    return softplus(theta) - pair->s * theta;
}

static double literal_naive(const struct bl_pair *pair, double *a, double *b)
{
    const double theta = pair->alpha * pair->product, y = 2.0 * pair->s - 1.0;
    *a = -pair->alpha * y * sigmoid(-theta);
    *b = 0.0;
    return y * softplus(-theta);
}

static double mixed_naive(const struct bl_pair *pair, double *a, double *b)
{
    if (pair->s < (double)HARD_BELOW || pair->s > (double)HARD_ABOVE)
        return likelihood_naive(pair, a, b);
    const double gap = (pair->product / pair->bits + 1.0) / 2.0 - pair->s;
    *a = pair->soft * gap;
    *b = 0.0;
    return pair->soft * pair->bits * gap * gap;
}

const struct bl_pair_form bl_pair_likelihood = {
    .soft = 1, .alpha_bits = 10.0, .kernel = likelihood, .naive = likelihood_naive};

const struct bl_pair_form bl_pair_literal = {.kernel = literal, .naive = literal_naive};

const struct bl_pair_form bl_pair_mixed = {
    .soft = 1, .alpha_bits = 5.0, .kernel = mixed, .naive = mixed_naive};

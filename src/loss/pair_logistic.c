/* Forms made of log sigma(theta), theta = alpha c_i'c_j.
 *
 * likelihood: softplus(theta) - s theta. Li, Wang and Kang, "Feature learning based deep supervised hashing
 * with pairwise labels", IJCAI 2016, eq. 1-2 (DPSH); Cao, Long, Wang and Yu, "HashNet: deep learning to hash
 * by continuation", ICCV 2017, eq. 4.
 *
 * literal: -y log sigma(theta), y = 2s - 1, for s in {0, 1}: the specification's form, word for word.
 *
 * mixed: Zhang, Zou, Lin, Chen and Wang, "Improved deep hashing with soft pairwise similarity for multi-label
 * image retrieval", IEEE Transactions on Multimedia 2020 (IDHN): the likelihood for pairs whose labels are
 * disjoint or equal, soft K ((p/K + 1)/2 - s)^2 for those between. Which are which is decided as in the
 * authors' code: hard is s < 0.01 or s > 0.99. */
#include <math.h>

#include "loss/pair_kernel.h"
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

BL_INLINE struct bl_pair_answer likelihood_one(const struct bl_pair_factors *factors, struct bl_pair_at at)
{
    const float t = factors->alpha * at.p;
    const struct logistic l = logistic_of(t);
    return (struct bl_pair_answer){.loss = BL_FMA(-at.s, t, l.softplus),
                                   .a = factors->slope * (l.sigma - at.s)};
}

BL_INLINE struct bl_pair_answer literal_one(const struct bl_pair_factors *factors, struct bl_pair_at at)
{
    const struct logistic l = logistic_of(-(factors->alpha * at.p));
    const float y = BL_FMA(2.0f, at.s, -1.0f);
    return (struct bl_pair_answer){.loss = y * l.softplus, .a = -factors->slope * (y * l.sigma)};
}

/* The slope of soft pairs is divided by alpha, so that both kinds of pairs share factors->slope. */
BL_INLINE struct bl_pair_answer mixed_one(const struct bl_pair_factors *factors, struct bl_pair_at at)
{
    const float t = factors->alpha * at.p;
    const struct logistic l = logistic_of(t);
    const float gap = 0.5f * (at.p / factors->bits + 1.0f) - at.s;
    const int hard = (at.s < HARD_BELOW) | (at.s > HARD_ABOVE);
    return (struct bl_pair_answer){
        .loss = hard ? BL_FMA(-at.s, t, l.softplus) : factors->soft * factors->bits * (gap * gap),
        .a = factors->slope * (hard ? l.sigma - at.s : factors->soft / factors->alpha * gap)};
}

/* The likelihood where each similarity is 0 or 1. log(1+e) is added as the logarithm of a product of (1+e):
 * one product for all pairs of a lane and one for the similar pairs among them, which have another weight; 16
 * pairs make at most 2^16. Error: 1e-6 a pair and less in their mean (tested). */
enum { CERTAIN_STEPS = 16 };

/* Running sums and products of each lane. */
struct certain {
    float all[BL_LANES], similar[BL_LANES], rest[BL_LANES];
};

BL_INLINE void certain_block(const struct bl_pair_factors *factors, int64_t n, const float *restrict s,
                             float *restrict product, struct certain *restrict to)
{
    const float apart = factors->similar - factors->dissimilar;
    for (int l = 0; l < BL_LANES; l++) {
        const float t = factors->alpha * product[l];
        const float e = bl_exp_negative(-fabsf(t));
        const float one = 1.0f + e, inverse = 1.0f / one;
        const float w = BL_FMA(s[l], apart, factors->dissimilar);
        product[l] = factors->slope * w * ((t >= 0.0f ? inverse : e * inverse) - s[l]);
        to->all[l] *= l < n ? one : 1.0f;
        to->similar[l] *= l < n ? BL_FMA(s[l], e, 1.0f) : 1.0f;
        to->rest[l] += l < n ? w * BL_FMA(-s[l], t, t > 0.0f ? t : 0.0f) : 0.0f;
    }
}

BL_INLINE double certain_run(const struct bl_pair_factors *factors, const struct bl_pair_row *row)
{
    const struct bl_pair_factors kept = *factors;
    const float apart = kept.similar - kept.dissimilar;
    const int64_t whole = row->n - row->n % BL_LANES;
    double lane[BL_LANES] = {0};
    for (int64_t i = 0; i < row->n;) {
        const int64_t end = i + CERTAIN_STEPS * BL_LANES;
        struct certain to;
        for (int l = 0; l < BL_LANES; l++)
            to.all[l] = to.similar[l] = 1.0f, to.rest[l] = 0.0f;
        if (i < whole) {
            for (; i < whole && i < end; i += BL_LANES)
                certain_block(&kept, BL_LANES, row->s + i, row->product + i, &to);
        } else {
            float product[BL_LANES] = {0}, s[BL_LANES] = {0};
            const size_t bytes = (size_t)(row->n - whole) * sizeof(float);
            memcpy(product, row->product + whole, bytes);
            memcpy(s, row->s + whole, bytes);
            certain_block(&kept, row->n - whole, s, product, &to);
            memcpy(row->product + whole, product, bytes);
            i = row->n;
        }
        for (int l = 0; l < BL_LANES; l++)
            lane[l] += (double)BL_FMA(kept.dissimilar, bl_log_positive(to.all[l]),
                                      BL_FMA(apart, bl_log_positive(to.similar[l]), to.rest[l]));
    }
    return bl_lanes_fold(lane);
}

BL_PAIR_KERNEL(likelihood_certain, certain_run(factors, row))
BL_PAIR_KERNEL(likelihood_soft, bl_pair_run(likelihood_one, 0, factors, row))
BL_PAIR_KERNEL(literal, bl_pair_run(literal_one, 0, factors, row))
BL_PAIR_KERNEL(mixed, bl_pair_run(mixed_one, 0, factors, row))

static double likelihood(const struct bl_pair_factors *factors, const struct bl_pair_row *row)
{
    return factors->certain ? likelihood_certain(factors, row) : likelihood_soft(factors, row);
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

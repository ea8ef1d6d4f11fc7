/* cauchy: Cao, Long, Liu and Wang, "Deep Cauchy hashing for Hamming space retrieval", CVPR 2018 (DCH), eq.
 * 6-8: the cross-entropy of the Cauchy probability gamma/(gamma + d) against s,
 *
 *   s log(d/gamma) + log(1 + gamma/d) = log(1 + u) - (1 - s) log u,   u = d/gamma,
 *   d = (K/2)(1 - cos(c_i, c_j)).
 *
 * A dissimilar pair with d = 0 would cost infinitely much: GAP is added to 1 - cos. */
#include <math.h>

#include "loss/pair_kernel.h"
#include "math/vexp.h"

#define GAP 1e-6f

/* cos = p l_i l_j with inverse lengths l; with g the loss's derivative in cos, a = g l_i l_j and b = -g cos
 * l_i^2. scale = K/(2 gamma). */
BL_INLINE struct bl_pair_answer cauchy_one(const struct bl_pair_factors *factors, struct bl_pair_at at)
{
    const float scale = 0.5f * factors->bits / factors->gamma, both = at.length * at.others;
    const float cosine = at.p * both;
    const float gap = BL_FMA(-at.p, both, 1.0f); /* may round below 0; NaN stays */
    const float u = scale * ((gap < 0.0f ? 0.0f : gap) + GAP);
    const float apart = 1.0f - at.s;
    const float g = (factors->slope * scale) * (apart / u - 1.0f / (1.0f + u));
    return (struct bl_pair_answer){.loss = bl_log_positive(1.0f + u) - apart * bl_log_positive(u),
                                   .a = g * both,
                                   .b = -g * (cosine * (at.length * at.length))};
}

BL_PAIR_KERNEL(cauchy, bl_pair_run(cauchy_one, 1, factors, row))

static double cauchy_naive(const struct bl_pair *pair, double *a, double *b)
{
    const double lengths = sqrt(pair->square_i * pair->square_j);
    const double cosine = lengths > 0.0 ? pair->product / lengths : 0.0;
    const double scale = pair->bits / (2.0 * pair->gamma);
    const double u = scale * (fmax(1.0 - cosine, 0.0) + (double)GAP);
    const double g = scale * ((1.0 - pair->s) / u - 1.0 / (1.0 + u));
    *a = lengths > 0.0 ? g / lengths : 0.0;
    *b = pair->square_i > 0.0 ? -g * cosine / pair->square_i : 0.0;
    return log1p(u) - (1.0 - pair->s) * log(u);
}

const struct bl_pair_form bl_pair_cauchy = {
    .soft = 1, .length = BL_LENGTH_INVERSE, .kernel = cauchy, .naive = cauchy_naive};

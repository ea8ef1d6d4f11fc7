#include "loss/pair_kernel.h"

#include <math.h>

#include "base/isa.h"
#include "math/vexp.h"

/* Sixteen lanes, so that the order of additions is the same whatever the width of a register. */
BL_KERNEL static double sum_in_lanes(int64_t n, const float *x)
{
    enum { LANES = 16 };
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++)
            lane[l] += (double)x[i + l];
    for (int l = 0; i < n; i++, l++)
        lane[l] += (double)x[i];
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    return lane[0];
}

/* With e = exp(-|theta|): softplus = max(theta, 0) + log1p(e), sigma = 1/(1+e) or e/(1+e). One exponential a
 * pair. */
BL_KERNEL static void likelihood_pass(int64_t n, float similar, float dissimilar, float alpha, float slope,
                                      float *restrict product, float *restrict s)
{
    for (int64_t i = 0; i < n; i++) {
        float t = alpha * product[i];
        float e = bl_exp_negative(-fabsf(t));
        float inverse = 1.0f / (1.0f + e);
        float sigma = t >= 0.0f ? inverse : e * inverse;
        float softplus = (t > 0.0f ? t : 0.0f) + bl_log1p_unit(e);
        float w = dissimilar + s[i] * (similar - dissimilar);
        product[i] = slope * (w * (sigma - s[i]));
        s[i] = w * (softplus - s[i] * t);
    }
}

BL_KERNEL static void literal_pass(int64_t n, float similar, float dissimilar, float alpha, float slope,
                                   float *restrict product, float *restrict s)
{
    for (int64_t i = 0; i < n; i++) {
        float t = alpha * product[i];
        float e = bl_exp_negative(-fabsf(t));
        float inverse = 1.0f / (1.0f + e);
        float sigma_minus = t >= 0.0f ? e * inverse : inverse;
        float softplus_minus = (t < 0.0f ? -t : 0.0f) + bl_log1p_unit(e);
        float wy = (2.0f * s[i] - 1.0f) * (dissimilar + s[i] * (similar - dissimilar));
        product[i] = -slope * (wy * sigma_minus);
        s[i] = wy * softplus_minus;
    }
}

double bl_pair_likelihood(int64_t n, struct bl_pair_factors factors, float *product, float *s)
{
    likelihood_pass(n, factors.similar, factors.dissimilar, factors.alpha, factors.slope, product, s);
    return sum_in_lanes(n, s);
}

double bl_pair_literal(int64_t n, struct bl_pair_factors factors, float *product, float *s)
{
    literal_pass(n, factors.similar, factors.dissimilar, factors.alpha, factors.slope, product, s);
    return sum_in_lanes(n, s);
}

static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

double bl_pair_likelihood_naive(double theta, double s, double w, double *derivative)
{
    *derivative = w * (sigmoid(theta) - s);
    return w * (softplus(theta) - s * theta);
}

double bl_pair_literal_naive(double theta, double s, double w, double *derivative)
{
    double y = 2.0 * s - 1.0;
    *derivative = -w * y * sigmoid(-theta);
    return w * y * softplus(-theta);
}

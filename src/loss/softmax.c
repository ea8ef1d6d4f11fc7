#include "loss/softmax.h"

#include "base/functions.h"
#include "base/isa.h"
#include "math/vexp.h"

BL_KERNEL static void exponentials(int64_t n, float most, float *x)
{
    for (int64_t c = 0; c < n; c++)
        x[c] = bl_exp_negative(x[c] - most);
}

/* logit becomes scale softmax(logit); returns log sum exp(logit) - own. own: where the search for the maximum
 * starts, so that a NaN in it is kept. */
static double softmax(int64_t n, float own, float scale, float *logit)
{
    float most = own, sum = 0.0f;
    for (int64_t c = 0; c < n; c++)
        most = logit[c] > most ? logit[c] : most;
    exponentials(n, most, logit);
    for (int64_t c = 0; c < n; c++)
        sum += logit[c];
    for (int64_t c = 0; c < n; c++)
        logit[c] *= scale / sum;
    return bl_log((double)sum) + ((double)most - (double)own);
}

double bl_softmax_row(int64_t n, int32_t label, float scale, float *logit)
{
    const double value = softmax(n, logit[label], scale, logit);
    logit[label] -= scale;
    return value;
}

static int has_label(const uint32_t *labels, int64_t c)
{
    return (int)(labels[c / 32] >> (c % 32) & 1u);
}

double bl_softmax_shared_row(int64_t n, const uint32_t *labels, float scale, float *logit)
{
    float m = 0.0f, own = 0.0f;
    for (int64_t c = 0; c < n; c++) {
        m += has_label(labels, c) ? 1.0f : 0.0f;
        own += has_label(labels, c) ? logit[c] : 0.0f;
    }
    const double value = softmax(n, own / m, scale, logit);
    for (int64_t c = 0; c < n; c++)
        logit[c] -= has_label(labels, c) ? scale / m : 0.0f;
    return value;
}

double bl_sigmoid_row(int64_t n, const uint32_t *labels, float scale, float *logit)
{
    double value = 0.0;
    for (int64_t c = 0; c < n; c++) {
        const float y = (float)has_label(labels, c), x = logit[c];
        const float e = bl_exp_negative(x > 0.0f ? -x : x);
        const float softplus = (x > 0.0f ? x : 0.0f) + bl_log1p_unit(e);
        const float sigma = (x > 0.0f ? 1.0f : e) / (1.0f + e);
        value += (double)(softplus - y * x);
        logit[c] = scale / (float)n * (sigma - y);
    }
    return value / (double)n;
}

#include "loss/term.h"

/* Bits that vary: -(1/2NK) sum |h_i - mean|^2, the negative variance of the relaxed code; gradient -(h_i -
 * mean)/(NK), since the deviations sum to 0. Smallest where every bit is +1 on half of the rows and -1 on the
 * others. Liong et al., "Deep hashing for compact binary codes learning", CVPR 2015, the balance term of the
 * unsupervised objective; there it is a sum, over codes whose mean is assumed to be 0. */

/* Sums: h over the batch. Work: its mean as floats. */
static struct bl_term_size size(const struct bl_config_objective *config, const struct bl_layout *network,
                                int64_t bits, struct bl_label_layout labels)
{
    (void)config;
    (void)network;
    (void)labels;
    return (struct bl_term_size){.sums = bits, .floats = bits};
}

static void sums(const struct bl_term_in *in, double *sum)
{
    const struct bl_batch *batch = in->batch;
    for (int64_t i = 0; i < batch->n_local; i++)
        for (int64_t k = 0; k < batch->bits; k++)
            sum[k] += (double)batch->h[i * batch->bits + k];
}

static double bound(const struct bl_batch *batch)
{
    return (double)batch->n_global;
}

static void rows(const struct bl_term_in *in, const struct bl_term_out *out)
{
    const struct bl_batch *batch = in->batch;
    const int64_t bits = batch->bits;
    const double part = 1.0 / ((double)batch->n_global * (double)bits);
    const float scale = (float)(in->weight * part);
    float *mean = in->scratch->work;
    for (int64_t k = 0; k < bits; k++)
        mean[k] = (float)(in->sums[k] / (double)batch->n_global);
    for (int64_t i = 0; i < batch->n_local; i++) {
        const float *h = batch->h + i * bits;
        double square = 0.0;
        for (int64_t k = 0; k < bits; k++) {
            const float away = h[k] - mean[k];
            square += (double)away * (double)away;
            out->dh[i * bits + k] -= scale * away;
        }
        out->row_values[i] -= 0.5 * part * square;
    }
}

const struct bl_term bl_term_balance = {.size = size, .sums = sums, .bound = bound, .rows = rows};

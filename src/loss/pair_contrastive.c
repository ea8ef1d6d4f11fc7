/* contrastive: Liu, Wang, Shan and Chen, "Deep supervised hashing for fast image retrieval", CVPR 2016, eq. 1
 * and 4 (DSH): with d = |c_i - c_j|^2,
 *
 *   s d/2 + (1 - s) max(margin - d, 0)/2.
 *
 * The paper's y is 1 - s, its margin 2K: codes that differ in half of their bits. */
#include "base/isa.h"
#include "loss/pair_form.h"

/* d = |c_i|^2 + |c_j|^2 - 2p; with g the loss's derivative in d, a = -2g and b = 2g. The comparison is the
 * one that lets NaN through. */
BL_KERNEL static void contrastive_pass(int64_t n, float similar, float dissimilar, float slope, float margin,
                                       float length, const float *restrict lengths, float *restrict product,
                                       float *restrict s, float *restrict own)
{
    for (int64_t i = 0; i < n; i++) {
        const float distance = (length + lengths[i]) - 2.0f * product[i];
        const float gap = margin - distance;
        const float apart = 1.0f - s[i];
        const float twice = s[i] - (gap < 0.0f ? 0.0f : apart);
        const float loss = 0.5f * (s[i] * distance + apart * (gap < 0.0f ? 0.0f : gap));
        const float w = dissimilar + s[i] * (similar - dissimilar);
        own[i] = slope * (w * twice);
        product[i] = -own[i];
        s[i] = w * loss;
    }
}

static void contrastive(const struct bl_pair_factors *factors, const struct bl_pair_row *row)
{
    contrastive_pass(row->n, factors->similar, factors->dissimilar, factors->slope, factors->margin,
                     row->length, row->lengths, row->product, row->s, row->own);
}

static double contrastive_naive(const struct bl_pair *pair, double *a, double *b)
{
    const double distance = pair->square_i + pair->square_j - 2.0 * pair->product;
    const int near = distance < pair->margin;
    *b = pair->s - (near ? 1.0 - pair->s : 0.0);
    *a = -*b;
    return 0.5 * pair->s * distance + (near ? 0.5 * (1.0 - pair->s) * (pair->margin - distance) : 0.0);
}

const struct bl_pair_form bl_pair_contrastive = {
    .soft = 1, .length = BL_LENGTH_SQUARE, .per_bit = 1, .kernel = contrastive, .naive = contrastive_naive};

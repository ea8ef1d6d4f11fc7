/* contrastive: Liu, Wang, Shan and Chen, "Deep supervised hashing for fast image retrieval", CVPR 2016, eq. 1
 * and 4 (DSH): with d = |c_i - c_j|^2,
 *
 *   s d/2 + (1 - s) max(margin - d, 0)/2.
 *
 * The paper's y is 1 - s, its margin 2K: codes that differ in half of their bits. */
#include "loss/pair_kernel.h"

/* d = |c_i|^2 + |c_j|^2 - 2p; with g the loss's derivative in d, a = -2g and b = 2g. The comparison is the
 * one that lets NaN through. */
BL_INLINE struct bl_pair_answer contrastive_one(const struct bl_pair_factors *factors, struct bl_pair_at at)
{
    const float distance = (at.length + at.others) - 2.0f * at.p;
    const float gap = factors->margin - distance;
    const float apart = 1.0f - at.s;
    const float b = factors->slope * (at.s - (gap < 0.0f ? 0.0f : apart));
    return (struct bl_pair_answer){
        .loss = 0.5f * BL_FMA(at.s, distance, apart * (gap < 0.0f ? 0.0f : gap)), .a = -b, .b = b};
}

BL_PAIR_KERNEL(contrastive, bl_pair_run(contrastive_one, 1, factors, row))

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

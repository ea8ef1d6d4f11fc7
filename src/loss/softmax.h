/* Cross-entropies of one row's logits: the value, and the residual for the backward pass. */
#ifndef BL_LOSS_SOFTMAX_H
#define BL_LOSS_SOFTMAX_H

#include <stdint.h>

/* logit [n] becomes scale (softmax(logit) - y), y one-hot at label. Returns -log softmax(logit)[label], at
 * most 2e-6 off for logits of order 1. NaN gives NaN. */
double bl_softmax_row(int64_t n, int32_t label, float scale, float *logit);

/* The same for a row of m labels, each of which has the probability 1/m in y; y the n bits of labels, m > 0.
 * Returns -(1/m) sum over its labels of log softmax(logit). */
double bl_softmax_shared_row(int64_t n, const uint32_t *labels, float scale, float *logit);

/* logit [n] becomes scale/n (sigma(logit) - y), y the n bits of labels. Returns the mean over the n of
 * softplus(logit) - y logit. */
double bl_sigmoid_row(int64_t n, const uint32_t *labels, float scale, float *logit);

#endif

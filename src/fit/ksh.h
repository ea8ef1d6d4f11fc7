/* Supervised hashing with kernels (KSH). Bits are fitted one after another, each a linear function a_k of
 * centred kernel values, so that inner products of codes come close to K times the similarity of a labelled
 * sample:
 *   min |sum_k b_k b_k' - K S|^2,   b_k = sgn(Kernel a_k),   S_ij = +1 for a shared class, else -1.
 * Source: Liu, Wang, Ji, Jiang, Chang, "Supervised hashing with kernels", CVPR 2012, algorithm 1. */
#ifndef BL_FIT_KSH_H
#define BL_FIT_KSH_H

#include <stdint.h>

#include "base/error.h"
#include "data/labels.h"

enum { BL_KSH_STEPS = 500 }; /* most steps of gradient descent for a bit, as in the authors' program */

/* n labelled rows, their centred kernel values with m anchors, and what is left of K S. All borrowed. */
struct bl_ksh {
    int64_t n, m, bits;
    const double *kernel; /* [n, m] */
    double *residual;     /* [n, n] R = K S - sum of b b' over the bits before */
};

/* residual [n, n] = bits * S from the rows' labels. */
void bl_ksh_similarity(int64_t n, int64_t bits, struct bl_label_layout layout, const uint32_t *labels,
                       double *residual);

/* Fits a [bits, m]; overwrites the problem's residual. For each bit: the spectral relaxation, then gradient
 * descent on the smoothed objective (below); the better of the two by b'R b is kept. Errors: BL_MEMORY,
 * BL_NUMBERS. */
int bl_ksh_fit(const struct bl_ksh *problem, double *a, struct bl_error *err);

/* The smoothed objective of one bit, f(a) = -s'R s with s = 2/(1 + exp(-Kernel a)) - 1; and its gradient [m],
 * unless that is NULL. Work space: s, rs [n]. */
double bl_ksh_smooth(const struct bl_ksh *problem, const double *a, double *s, double *rs, double *gradient);

#endif

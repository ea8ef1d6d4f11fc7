/* Supervised hashing with kernels: one bit after another, each a linear function a_k of centred kernel
 * values, so that inner products of codes of a labelled sample come near K times their similarities: min_a
 * |sum_k b_k b_k' - K S|^2, b_k = sgn(Kernel a_k), S_ij = +1 for a shared class, else -1. Source: Liu, Wang,
 * Ji, Jiang, Chang, "Supervised hashing with kernels", CVPR 2012, algorithm 1. */
#ifndef BL_FIT_KSH_H
#define BL_FIT_KSH_H

#include <stdint.h>

#include "base/error.h"
#include "data/labels.h"

enum { BL_KSH_STEPS = 500 }; /* of gradient descent for a bit, at most, as in the authors' program */

/* What is left of K S, and the labelled rows' centred kernel values; arrays are borrowed. */
struct bl_ksh {
    int64_t n, m, bits;
    const double *kernel; /* [n, m] */
    double *residual;     /* [n, n] R = K S - sum of earlier b b' */
};

/* residual [n, n] = bits S. A row is similar to itself. */
void bl_ksh_similarity(int64_t n, int64_t bits, struct bl_label_layout layout, const uint32_t *labels,
                       double *residual);

/* a [bits, m] from the problem, whose residual is used up. For each bit: the spectral relaxation, then
 * gradient descent on the smoothed objective (below), of which the better by b'Rb is kept.
 * Allocates 8 (4 m^2 + 6 n + 5 m) bytes. Errors: BL_MEMORY, BL_NUMBERS. */
int bl_ksh_fit(const struct bl_ksh *problem, double *a, struct bl_error *err);

/* The smoothed objective of one bit, f(a) = -s'Rs with s = 2/(1 + exp(-Kernel a)) - 1, and its gradient [m]
 * where it isn't NULL. Work space: s, rs [n]. */
double bl_ksh_smooth(const struct bl_ksh *problem, const double *a, double *s, double *rs, double *gradient);

#endif

/* The elementwise heart of the pairwise term: one row of a tile, its losses and its derivatives in one pass.
 */
#ifndef BL_LOSS_PAIR_KERNEL_H
#define BL_LOSS_PAIR_KERNEL_H

#include <stdint.h>

struct bl_pair_factors {
    float
        similar; /* w = dissimilar + s (similar - dissimilar): every weighting of the design is linear in s */
    float dissimilar;
    float alpha; /* theta = alpha c_i'c_j */
    float slope; /* what the derivative in theta is multiplied with on its way to the gradient */
};

/* product [n], the c_i'c_j, becomes slope w (sigma(theta) - s); s [n] becomes the losses w [softplus(theta) -
 * s theta]. Returns the sum of the losses, accumulated in double in an order that depends on n alone.
 * Accuracy: 4e-7 of max(1, |theta|) in loss and 3e-7 in sigma against double precision (tested). */
double bl_pair_likelihood(int64_t n, struct bl_pair_factors factors, float *product, float *s);

/* The same for the literal form, s in {0,1} and y = 2s - 1: loss -w y log sigma(theta), derivative -w y
 * sigma(-theta). */
double bl_pair_literal(int64_t n, struct bl_pair_factors factors, float *product, float *s);

/* The plain twins in double precision with libm: what the kernels are tested against. */
double bl_pair_likelihood_naive(double theta, double s, double w, double *derivative);
double bl_pair_literal_naive(double theta, double s, double w, double *derivative);

#endif

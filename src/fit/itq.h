/* Iterative quantization: the rotation of centred projections that brings them closest to the corners of the
 * cube; the arithmetic of one rank. mpi/fit/itq.h adds what travels.
 * Source: Gong and Lazebnik, "Iterative quantization: a Procrustean approach to learning binary codes",
 * CVPR 2011, section 2.2: ||B - VR||^2 is reduced in turn over B = sign(VR) and, with VᵀB = S W S'ᵀ, over
 * R = S S'ᵀ (their SVD is of the transpose). */
#ifndef BL_FIT_ITQ_H
#define BL_FIT_ITQ_H

#include <stdint.h>

#include "base/error.h"
#include "math/cross.h"

/* Projections V [n,k] of n_total rows in all, scaled so that the mean square of all values is 1. */
struct bl_itq {
    int64_t k, n_total;
    float *rotation; /* [k,k]; owned */
    float *rotated;  /* [BL_CROSS_BLOCK, k]; owned */
    int64_t *sums;   /* [k,k] VᵀB in fixed point: the reduction over ranks is their sum; owned */
    struct bl_fixed fixed;
    struct bl_cross cross;
};

/* Allocates. Errors: BL_MEMORY. bl_itq_free is safe twice. */
int bl_itq_init(struct bl_itq *itq, const struct bl_product *product, int64_t k, int64_t n_total,
                struct bl_error *err);
void bl_itq_free(struct bl_itq *itq);

/* rotation [k,k] = a random one, uniform over all, a function of the seed (up to LAPACK's rounding).
 * Errors: those of bl_orthogonal_factor. */
int bl_itq_random(uint64_t seed, int64_t k, double *rotation, struct bl_error *err);

/* Begins an iteration from this rotation [k,k]: sums become 0. */
void bl_itq_begin(struct bl_itq *itq, const double *rotation);

/* Adds the rows v [n,k], n <= BL_CROSS_BLOCK: B = sign(VR) and its part of VᵀB. */
void bl_itq_add(struct bl_itq *itq, int64_t n, const float *v);

/* (1/Nk) ||B - VR||^2 of the begun rotation, once the sums are those of all rows. */
double bl_itq_error(const struct bl_itq *itq, const double *rotation);

/* Sets rotation to the best one for the sums' B. Errors: those of bl_orthogonal_factor. */
int bl_itq_update(const struct bl_itq *itq, double *rotation, struct bl_error *err);

/* directions [k, dim] := rotationᵀ directions, in double. Allocates 8 k bytes. Errors: BL_MEMORY. */
int bl_itq_rotate(int64_t k, int64_t dim, const double *rotation, double *directions, struct bl_error *err);

#endif

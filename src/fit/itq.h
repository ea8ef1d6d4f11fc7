/* Iterative quantization (ITQ): the rotation R of centred projections V that brings VR closest to the corners
 * of a cube. ||B - VR||^2 is minimised in turn over
 *   B = sign(VR), and
 *   R = U W', where V'B = U S W' is a singular value decomposition.
 * This is one rank's arithmetic; mpi/fit/itq.h adds the reductions. Source: Gong and Lazebnik, "Iterative
 * quantization: a Procrustean approach to learning binary codes", CVPR 2011, section 2.2 (there the SVD is of
 * B'V). */
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
    int64_t *sums;   /* [k,k] V'B in fixed point; ranks add theirs up; owned */
    struct bl_fixed fixed;
    struct bl_cross cross;
};

/* Allocates. Errors: BL_MEMORY. bl_itq_free is safe twice. */
int bl_itq_init(struct bl_itq *itq, const struct bl_product *product, int64_t k, int64_t n_total,
                struct bl_error *err);
void bl_itq_free(struct bl_itq *itq);

/* rotation [k,k] = a random orthogonal matrix, uniformly distributed; a function of the seed, up to LAPACK's
 * rounding. Errors: those of bl_orthogonal_factor. */
int bl_itq_random(uint64_t seed, int64_t k, double *rotation, struct bl_error *err);

/* Starts an iteration with R = rotation [k,k] and V'B = 0. */
void bl_itq_begin(struct bl_itq *itq, const double *rotation);

/* Adds rows v [n,k], n <= BL_CROSS_BLOCK, to V'B, with B = sign(VR). */
void bl_itq_add(struct bl_itq *itq, int64_t n, const float *v);

/* The error (1/Nk) ||B - VR||^2 of this iteration's rotation, once sums are those of all rows. */
double bl_itq_error(const struct bl_itq *itq, const double *rotation);

/* Sets rotation to the best R for this iteration's B. Errors: those of bl_orthogonal_factor. */
int bl_itq_update(const struct bl_itq *itq, double *rotation, struct bl_error *err);

/* directions [k, dim] = rotation' directions, in place, in double. Errors: BL_MEMORY. */
int bl_itq_rotate(int64_t k, int64_t dim, const double *rotation, double *directions, struct bl_error *err);

#endif

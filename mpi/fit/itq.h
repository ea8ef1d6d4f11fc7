/* Iterative quantization of points that are spread over the ranks (fit/itq.h has source and formulas). */
#ifndef PAR_FIT_ITQ_H
#define PAR_FIT_ITQ_H

#include "mpi/fit/covariance.h"

enum { PAR_ITQ_ITERATIONS = 50 }; /* as in the paper */

/* Turns principal->vectors [k, dim] by the rotation that ITQ finds for the points' projections on them, from
 * a random one of `seed`; afterwards only the sum of the variances has a meaning. One pass
 * over the points; the projections take 4 n_local k bytes while it runs. errors[2]: mean squared
 * distance of the scaled projections from their codes before and after. Rank 0 computes the rotations, so
 * they are equal everywhere. Travels, each iteration: 16 k^2 bytes. Collective. Errors, agreed: BL_MEMORY,
 * BL_NUMBERS, those of reading. */
int par_itq_rotate(struct par_principal *principal, struct par par, struct par_points *points,
                   int64_t iterations, uint64_t seed, double errors[2], struct bl_error *err);

#endif

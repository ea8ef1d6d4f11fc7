/* How fast one core multiplies matrices here, with OpenBLAS. */
#ifndef BL_COST_RATE_H
#define BL_COST_RATE_H

#include "base/error.h"

/* GFLOP/s of sgemm at the size of a layer of a batch (256 x 512 x 784), the best of as many products as fit
 * into 0.05 s and of at least three. Allocates 3 MiB and frees them. Errors: BL_MEMORY. */
int bl_rate_sgemm(double *gflops, struct bl_error *err);

/* The OpenBLAS kernel that suits this processor better than the one in use, as OPENBLAS_CORETYPE names it;
 * NULL: none does. Static. */
const char *bl_rate_better_kernel(void);

#endif

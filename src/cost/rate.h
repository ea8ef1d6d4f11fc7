/* The speed of OpenBLAS's matrix products on one core of this machine. */
#ifndef BL_COST_RATE_H
#define BL_COST_RATE_H

#include "base/error.h"

/* GFLOP/s of sgemm at the size of a layer (256 x 512 x 784): the best of at least three products, repeated
 * for 0.05 s. Uses 3 MiB meanwhile. Errors: BL_MEMORY. */
int bl_rate_sgemm(double *gflops, struct bl_error *err);

/* The OpenBLAS kernel, as OPENBLAS_CORETYPE names it, that suits this processor better than the one in use;
 * NULL if none does. A static string. */
const char *bl_rate_better_kernel(void);

#endif

/* A linear layer that projects centred rows onto given directions. */
#ifndef BL_FIT_LINEAR_H
#define BL_FIT_LINEAR_H

#include <stdint.h>

/* weight [k, dim] = scale * directions and bias [k] = -weight mean, so that weight x + bias =
 * scale * directions (x - mean). Computed in double. */
void bl_linear_set(int64_t k, int64_t dim, const double *directions, const double *mean, double scale,
                   float *weight, float *bias);

#endif

#include "fit/linear.h"

void bl_linear_set(int64_t k, int64_t dim, const double *directions, const double *mean, double scale,
                   float *weight, float *bias)
{
    for (int64_t i = 0; i < k; i++) {
        double sum = 0.0;
        for (int64_t d = 0; d < dim; d++) {
            const double value = scale * directions[i * dim + d];
            weight[i * dim + d] = (float)value;
            sum += value * mean[d];
        }
        bias[i] = (float)-sum;
    }
}

#include "fit/lsh.h"

#include "base/rng.h"

void bl_lsh_planes(uint64_t seed, int64_t bits, int64_t dim, float *weight)
{
    for (int64_t bit = 0; bit < bits; bit++)
        for (int64_t d = 0; d < dim; d += 4) {
            double normal[4];
            bl_rng_normal(seed, BL_STREAM_LSH, (uint64_t)bit, (uint64_t)(d / 4), 0, normal);
            for (int64_t i = 0; i < 4 && d + i < dim; i++)
                weight[bit * dim + d + i] = (float)normal[i];
        }
}

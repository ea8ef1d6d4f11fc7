#include "fit/spectral.h"

static double extent(int64_t direction, const float *lo, const float *hi)
{
    return (double)hi[direction] - (double)lo[direction];
}

double bl_spectral_frequency(struct bl_spectral_mode mode, const float *lo, const float *hi)
{
    const double pi = 3.14159265358979323846;
    return (double)mode.mode * pi / extent(mode.direction, lo, hi);
}

void bl_spectral_modes(int64_t directions, const float *lo, const float *hi, int64_t bits, int64_t *next,
                       struct bl_spectral_mode *modes)
{
    for (int64_t d = 0; d < directions; d++)
        next[d] = 1;
    for (int64_t k = 0; k < bits; k++) {
        int64_t best = -1;
        /* mode_d/extent_d < mode_best/extent_best, multiplied out */
        for (int64_t d = 0; d < directions; d++)
            if (extent(d, lo, hi) > 0.0 &&
                (best < 0 || (double)next[d] * extent(best, lo, hi) < (double)next[best] * extent(d, lo, hi)))
                best = d;
        modes[k] = (struct bl_spectral_mode){best, next[best]++};
    }
}

void bl_spectral_widen(int64_t n, int64_t k, const float *points, float *lo, float *hi)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++) {
            const float x = points[i * k + j];
            lo[j] = x < lo[j] ? x : lo[j];
            hi[j] = x > hi[j] ? x : hi[j];
        }
}

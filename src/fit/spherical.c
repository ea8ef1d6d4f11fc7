#include "fit/spherical.h"

#include <math.h>
#include <string.h>

#include "base/isa.h"
#include "base/minmax.h"
#include "config/config.h"
#include "math/vexp.h"

void bl_spherical_search_start(int64_t bits, struct bl_spherical_search *search)
{
    for (int64_t k = 0; k < bits; k++)
        search[k] = (struct bl_spherical_search){0, 0x7f800000u};
}

/* Non-negative floats are ordered like their bits, so a search over floats is one over integers. */
static uint32_t middle(struct bl_spherical_search search)
{
    return search.lo + (search.hi - search.lo) / 2;
}

void bl_spherical_count(int64_t n, int64_t bits, const float *squared,
                        const struct bl_spherical_search *search, int64_t *counts)
{
    uint32_t bound[BL_CODE_BITS_MAX];
    for (int64_t k = 0; k < bits; k++)
        bound[k] = middle(search[k]);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < bits; k++)
            counts[k] += bl_bits_of_float(squared[i * bits + k]) <= bound[k];
}

void bl_spherical_halve(int64_t bits, const int64_t *counts, int64_t half, struct bl_spherical_search *search)
{
    for (int64_t k = 0; k < bits; k++)
        if (search[k].lo == search[k].hi)
            continue;
        else if (counts[k] >= half)
            search[k].hi = middle(search[k]);
        else
            search[k].lo = middle(search[k]) + 1;
}

void bl_spherical_radii(int64_t bits, const struct bl_spherical_search *search, float *radius)
{
    for (int64_t k = 0; k < bits; k++)
        radius[k] = bl_float_of_bits(search[k].lo);
}

/* inside [bits]: bit i of word k is 1 if row i, i < n <= 64, lies in ball k. */
static void mark(int64_t n, int64_t bits, const float *squared, const float *radius, uint64_t *inside)
{
    memset(inside, 0, (size_t)bits * sizeof *inside);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < bits; k++)
            inside[k] |= (uint64_t)(squared[i * bits + k] <= radius[k]) << i;
}

void bl_spherical_overlap(int64_t n, int64_t bits, const float *squared, const float *radius,
                          int64_t *overlap)
{
    uint64_t inside[BL_CODE_BITS_MAX];
    for (int64_t at = 0; at < n; at += 64) {
        mark(bl_min(n - at, 64), bits, squared + at * bits, radius, inside);
        for (int64_t k = 0; k < bits; k++)
            for (int64_t l = 0; l < bits; l++)
                overlap[k * bits + l] += __builtin_popcountll(inside[k] & inside[l]);
    }
}

int bl_spherical_is_settled(int64_t bits, int64_t n, const int64_t *overlap)
{
    const double quarter = (double)n / 4.0, pairs = (double)(bits * (bits - 1)) / 2.0;
    double error = 0.0, sum = 0.0, squares = 0.0;
    if (bits < 2)
        return 1;
    for (int64_t k = 0; k < bits; k++)
        for (int64_t l = 0; l < k; l++) {
            const double off = (double)overlap[k * bits + l] - quarter;
            error += fabs(off);
            sum += off;
            squares += off * off;
        }
    const double mean = sum / pairs, variance = squares / pairs - mean * mean;
    return error / pairs <= 0.10 * quarter && sqrt(fmax(variance, 0.0)) <= 0.15 * quarter;
}

void bl_spherical_move(int64_t bits, int64_t dim, int64_t n, const int64_t *overlap, double *pivot,
                       double *work)
{
    const double quarter = (double)n / 4.0;
    memcpy(work, pivot, (size_t)(bits * dim) * sizeof *work);
    for (int64_t k = 0; k < bits; k++) /* p_k += mean over l of (overlap - n/4)/(2 n/4) (p_k - p_l) */
        for (int64_t l = 0; l < bits; l++) {
            const double force = 0.5 * ((double)overlap[k * bits + l] - quarter) / quarter / (double)bits;
            for (int64_t d = 0; d < dim && l != k; d++)
                pivot[k * dim + d] += force * (work[k * dim + d] - work[l * dim + d]);
        }
}

#include "data/scales.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/minmax.h"

static const double RULING_SHARE = 0.99, FAR_DEVIATIONS = 1000.0, DEVIATION_OF_MEDIAN = 1.4826;

/* -1 unless at least two columns vary: then none can hide another. */
static int64_t find_ruling(const struct bl_spread *spread)
{
    int64_t largest = 0, varying = 0;
    double all = 0.0;
    for (int64_t d = 0; d < spread->dim; d++) {
        all += spread->variance[d];
        varying += spread->variance[d] > 0.0;
        if (spread->variance[d] > spread->variance[largest])
            largest = d;
    }
    return varying > 1 && spread->variance[largest] > RULING_SHARE * all ? largest : -1;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many robust deviations the farther one of a column's extremes is away from its median, which is
 * *value; 0 if the sample doesn't tell. */
static double farthest(const struct bl_spread *spread, int64_t d, double *value)
{
    double x[BL_SCALES_ROWS], distance[BL_SCALES_ROWS];
    const int64_t n = bl_min(spread->n_sample, BL_SCALES_ROWS);
    int64_t differing = 0;
    for (int64_t i = 0; i < n; i++)
        x[i] = spread->sample[i * spread->dim + d];
    qsort(x, (size_t)n, sizeof *x, compare);
    const double median = x[n / 2];
    for (int64_t i = 0; i < n; i++)
        if (x[i] != median)
            distance[differing++] = fabs(x[i] - median);
    if (differing < BL_SCALES_FEW)
        return 0.0;
    qsort(distance, (size_t)differing, sizeof *distance, compare);
    *value = spread->hi[d] - median > median - spread->lo[d] ? spread->hi[d] : spread->lo[d];
    return fabs(*value - median) / (DEVIATION_OF_MEDIAN * distance[differing / 2]);
}

struct bl_scales bl_scales_find(const struct bl_spread *spread)
{
    struct bl_scales scales = {.dim = spread->dim, .ruling = find_ruling(spread), .far = -1};
    double most = FAR_DEVIATIONS;
    for (int64_t d = 0; d < spread->dim && spread->n_sample > 0; d++) {
        double value = 0.0;
        const double deviations = farthest(spread, d, &value);
        if (deviations > most) {
            most = deviations;
            scales.far = d;
            scales.far_value = value;
        }
    }
    return scales;
}

int bl_scales_text(const struct bl_scales *scales, int kind, const char *remedy, int i,
                   char text[BL_SCALES_TEXT])
{
    if (i == 0 && scales->ruling >= 0 && kind != BL_NORMALIZE_STANDARDIZE) {
        snprintf(
            text, BL_SCALES_TEXT,
            "feature column %lld has more than 99 %% of the variance of all %lld columns, which hides the "
            "others; %s gives each column the same",
            (long long)scales->ruling, (long long)scales->dim, remedy);
        return 1;
    }
    if (i == 1 && scales->far >= 0) {
        snprintf(
            text, BL_SCALES_TEXT,
            "feature column %lld holds %.6g, more than 1000 times as far from the column's median as its "
            "values usually are; if that isn't a measured value, correct it or remove its row",
            (long long)scales->far, scales->far_value);
        return 1;
    }
    return 0;
}

#include "math/distance.h"

#include <math.h>

#include "base/minmax.h"

static double squared_length(int64_t dim, const float *x)
{
    double sum = 0.0;
    for (int64_t d = 0; d < dim; d++)
        sum += (double)x[d] * (double)x[d];
    return sum;
}

static void squared_lengths(int64_t n, int64_t dim, const float *x, double *lengths)
{
    for (int64_t i = 0; i < n; i++)
        lengths[i] = squared_length(dim, x + i * dim);
}

/* |x - p|^2 = |x|^2 + |p|^2 - 2 x'p, in place: m_part columns of out [n, m] hold x'p before. */
static void complete(int64_t n, int64_t m_part, int64_t m, const double *xx, const double *pp, float *out)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m_part; j++) {
            double squared = xx[i] + pp[j] - 2.0 * (double)out[i * m + j];
            out[i * m + j] = squared < 0.0 ? 0.0f : (float)squared;
        }
}

void bl_distance_run(const struct bl_product *product, int thread, int64_t n, int64_t m, int64_t dim,
                     const float *x, const float *p, float *out)
{
    double xx[BL_DISTANCE_ROWS], pp[BL_DISTANCE_ANCHORS];
    bl_product_run(product, thread, BL_PLAIN, BL_TRANSPOSED, n, m, dim, x, dim, p, dim, 0, out, m);
    for (int64_t i = 0; i < n; i += BL_DISTANCE_ROWS) {
        const int64_t rows = bl_min(n - i, BL_DISTANCE_ROWS);
        squared_lengths(rows, dim, x + i * dim, xx);
        for (int64_t j = 0; j < m; j += BL_DISTANCE_ANCHORS) {
            const int64_t anchors = bl_min(m - j, BL_DISTANCE_ANCHORS);
            squared_lengths(anchors, dim, p + j * dim, pp);
            complete(rows, anchors, m, xx, pp, out + i * m + j);
        }
    }
}

double bl_distance_mean(int64_t m, const float *squared)
{
    double sum = 0.0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < m; j++)
            sum += j != i ? (double)squared[i * m + j] : 0.0;
    return m > 1 ? sum / ((double)m * (double)(m - 1)) : 0.0;
}

double bl_distance_nearest(int64_t m, const float *squared)
{
    double sum = 0.0;
    for (int64_t i = 0; i < m && m > 1; i++) {
        double nearest = INFINITY;
        for (int64_t j = 0; j < m; j++)
            if (j != i && (double)squared[i * m + j] < nearest)
                nearest = (double)squared[i * m + j];
        sum += sqrt(nearest);
    }
    return (sum / (double)m) * (sum / (double)m);
}

#include "math/distance.h"

#include <string.h>

enum { ROWS = 256, ANCHORS = 64 };

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

/* Products in out [n, m], of which m_part columns are treated, become distances. */
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
    double xx[ROWS], pp[ANCHORS];
    bl_product_run(product, thread, BL_PLAIN, BL_TRANSPOSED, n, m, dim, x, dim, p, dim, 0, out, m);
    for (int64_t i = 0; i < n; i += ROWS) {
        const int64_t rows = n - i < ROWS ? n - i : ROWS;
        squared_lengths(rows, dim, x + i * dim, xx);
        for (int64_t j = 0; j < m; j += ANCHORS) {
            const int64_t anchors = m - j < ANCHORS ? m - j : ANCHORS;
            squared_lengths(anchors, dim, p + j * dim, pp);
            complete(rows, anchors, m, xx, pp, out + i * m + j);
        }
    }
}

/* Adds the rows into sum [dim]; returns the sum of their squared lengths. */
static double add_rows(int64_t n, int64_t dim, const float *x, double *sum)
{
    double squares = 0.0;
    for (int64_t i = 0; i < n; i++) {
        squares += squared_length(dim, x + i * dim);
        for (int64_t d = 0; d < dim; d++)
            sum[d] += (double)x[i * dim + d];
    }
    return squares;
}

double bl_distance_mean(int64_t n, int64_t m, int64_t dim, const float *x, const float *p, double *sums)
{
    memset(sums, 0, (size_t)(2 * dim) * sizeof *sums);
    double mean = add_rows(n, dim, x, sums) / (double)n + add_rows(m, dim, p, sums + dim) / (double)m;
    for (int64_t d = 0; d < dim; d++)
        mean -= 2.0 * (sums[d] / (double)n) * (sums[dim + d] / (double)m);
    return mean > 0.0 ? mean : 0.0;
}

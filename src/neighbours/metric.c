#include "neighbours/metric.h"

#include <math.h>
#include <string.h>

#include "math/lanes.h"

static const char *const names[BL_METRICS] = {"l2", "cosine", "ip"};

const char *bl_metric_name(enum bl_metric metric)
{
    return names[metric];
}

int bl_metric_find(const char *name, enum bl_metric *metric)
{
    for (int m = 0; m < BL_METRICS; m++)
        if (strcmp(name, names[m]) == 0) {
            *metric = (enum bl_metric)m;
            return 1;
        }
    return 0;
}

/* sum a_d b_d, and sum (a_d - b_d)^2: the last few d fill the first lanes. */
#define DEFINE_SUM(name, term)                                                                               \
    BL_KERNEL static double name(int64_t dim, const double *restrict a, const double *restrict b)            \
    {                                                                                                        \
        double lane[BL_LANES] = {0};                                                                         \
        int64_t d = 0;                                                                                       \
        for (; d + BL_LANES <= dim; d += BL_LANES)                                                           \
            for (int l = 0; l < BL_LANES; l++)                                                               \
                lane[l] += term(a[d + l], b[d + l]);                                                         \
        for (int l = 0; d + l < dim; l++)                                                                    \
            lane[l] += term(a[d + l], b[d + l]);                                                             \
        return bl_lanes_fold(lane);                                                                          \
    }
#define PRODUCT(x, y)            ((x) * (y))
#define SQUARED_DIFFERENCE(x, y) (((x) - (y)) * ((x) - (y)))
DEFINE_SUM(sum_products, PRODUCT)
DEFINE_SUM(sum_squared_differences, SQUARED_DIFFERENCE)

double bl_metric_square(int64_t dim, const double *x)
{
    return sum_products(dim, x, x);
}

/* One root of the product of both squares, so that equal rows give exactly 1; two roots where the product
 * would leave the range of double. */
static double cosine(double product, double q_square, double x_square)
{
    const double both = q_square * x_square;
    if (q_square == 0.0 || x_square == 0.0)
        return 0.0;
    if (isnormal(both))
        return product / sqrt(both);
    return product / sqrt(q_square) / sqrt(x_square);
}

double bl_metric_key(enum bl_metric metric, int64_t dim, const double *q, double q_square, const double *x)
{
    switch (metric) {
    case BL_METRIC_COSINE:
        return 1.0 - cosine(sum_products(dim, q, x), q_square, bl_metric_square(dim, x));
    case BL_METRIC_IP:
        return -sum_products(dim, q, x);
    default:
        return sum_squared_differences(dim, q, x);
    }
}

float bl_metric_distance(enum bl_metric metric, double key)
{
    return (float)(metric == BL_METRIC_L2 ? sqrt(key) : key);
}

/* How far two rows are apart, in double. A smaller key is nearer; rows at equal keys are ordered by their
 * numbers. Sums have sixteen lanes (math/lanes.h), so the bits of a key depend on the two rows alone. */
#ifndef BL_NEIGHBOURS_METRIC_H
#define BL_NEIGHBOURS_METRIC_H

#include <stdint.h>

enum bl_metric {
    BL_METRIC_L2,     /* Euclidean distance */
    BL_METRIC_COSINE, /* 1 - cosine of the angle; 1 if a row is zero */
    BL_METRIC_IP,     /* minus the inner product, so that here too the nearest is the smallest */
    BL_METRICS
};

/* "l2", "cosine", "ip". And back: 1, or 0 with *metric unchanged if there is none of that name. */
const char *bl_metric_name(enum bl_metric metric);
int bl_metric_find(const char *name, enum bl_metric *metric);

/* The sum of squares of x [dim]. */
double bl_metric_square(int64_t dim, const double *x);

/* The key of rows q and x [dim]: the squared distance, 1 - cosine, or minus the inner product. q_square: that
 * of q. The key of equal rows is exactly 0 under L2 and cosine. Neither square may be infinite. */
double bl_metric_key(enum bl_metric metric, int64_t dim, const double *q, double q_square, const double *x);

/* The distance that goes with a key, as it is stored. */
float bl_metric_distance(enum bl_metric metric, double key);

#endif

/* Scores in float that are cheap, and a bound on their error, which says which rows can be left out.
 *
 * Rows are moved and scaled in double and rounded to float; with q and x from here on in that frame, the
 * score of a row, larger is nearer, is
 *   L2:     q'x - |x|^2/2 = (|q|^2 - |q - x|^2) / 2;  x around the centre of some rows, so that less cancels
 *   cosine: q'x of rows of length 1;   inner product: q'x,
 * where q'x comes from a matrix product whose order of additions is unknown. For n additions in any order, with
 * or without fused multiply-add, |fl(q'x) - q'x| <= g(n) |q| |x|, g(n) = nu / (1 - nu), u = 2^-24 (Higham,
 * "Accuracy and stability of numerical algorithms", 2nd edition, section 3.1, with Cauchy-Schwarz). */
#ifndef BL_NEIGHBOURS_BOUND_H
#define BL_NEIGHBOURS_BOUND_H

#include <stdint.h>

#include "data/types.h"
#include "neighbours/metric.h"

/* How rows become floats: (x - centre) scale, or x / |x| under cosine. */
struct bl_frame {
    enum bl_metric metric;
    int64_t dim;
    const double *centre; /* [dim], borrowed; 0 under ip, unused under cosine */
    double scale;         /* a power of two; 1 under cosine */
};

/* A frame whose centre (kept, [dim], written here) and scale are those of some rows [n, dim] that are like the
 * others; any choice gives the same neighbours. scratch [dim]. */
struct bl_frame bl_frame_of(enum bl_metric metric, enum bl_type type, const void *rows, int64_t n,
                            int64_t dim, double *centre, double *scratch);

/* Row `row` [dim] as floats [dim]; *length is its length in the frame before rounding, *half what the score
 * subtracts. scratch [dim]. */
void bl_frame_row(const struct bl_frame *frame, enum bl_type type, const void *row, double *scratch,
                  float *floats, double *length, float *half);

/* A bound on the difference between the score in float and the score by the key in double, of a query and a row
 * of these lengths in the frame (for row: at most that length). It covers the product, the rounding of rows and
 * of |x|^2/2, the subtraction, one more rounding of the score, the rounding of the key, and underflow. Infinite
 * where nothing is known. */
double bl_frame_error(const struct bl_frame *frame, double query_length, double row_length);

/* A lower bound on the score of a row that has this key. */
double bl_frame_score(const struct bl_frame *frame, double query_length, double row_length, double key);

#endif

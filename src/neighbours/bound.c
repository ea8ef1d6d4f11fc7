#include "neighbours/bound.h"

#include <float.h>
#include <math.h>

/* Half a unit in the last place of float and double, relative. */
#define ROUND_FLOAT  0x1p-24
#define ROUND_DOUBLE 0x1p-53

/* Roundings beside the dim of the product: of q and x to float, of the subtraction, of the score when it is
 * compared; the rest is slack for terms of second order. */
enum { MORE_ROUNDINGS = 8 };

/* Of a larger scale, the square times what underflows in a key of double would no longer be nothing. */
enum { SCALE_EXPONENT_MAX = 400 };

struct bl_frame bl_frame_of(enum bl_metric metric, enum bl_type type, const void *rows, int64_t n,
                            int64_t dim, double *centre, double *scratch)
{
    struct bl_frame frame = {.metric = metric, .dim = dim, .centre = centre, .scale = 1.0};
    const char *const bytes = rows;
    const int64_t row_bytes = dim * (int64_t)bl_type_bytes(type);
    double most = 0.0;
    if (metric == BL_METRIC_COSINE)
        return frame;
    for (int64_t d = 0; d < dim; d++)
        centre[d] = 0.0;
    for (int64_t i = 0; i < n && metric == BL_METRIC_L2; i++) {
        bl_type_to_double(type, bytes + i * row_bytes, dim, scratch);
        for (int64_t d = 0; d < dim; d++)
            centre[d] += scratch[d] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        bl_type_to_double(type, bytes + i * row_bytes, dim, scratch);
        for (int64_t d = 0; d < dim; d++)
            scratch[d] -= centre[d];
        most = fmax(most, sqrt(bl_metric_square(dim, scratch)));
    }
    if (isnormal(most))
        frame.scale = ldexp(1.0, ilogb(most) < -SCALE_EXPONENT_MAX ? SCALE_EXPONENT_MAX : -ilogb(most));
    return frame;
}

void bl_frame_row(const struct bl_frame *frame, enum bl_type type, const void *row, double *scratch,
                  float *floats, double *length, float *half)
{
    const int64_t dim = frame->dim;
    double factor = frame->scale;
    bl_type_to_double(type, row, dim, scratch);
    if (frame->metric == BL_METRIC_L2)
        for (int64_t d = 0; d < dim; d++)
            scratch[d] -= frame->centre[d];
    const double square = bl_metric_square(dim, scratch);
    if (frame->metric == BL_METRIC_COSINE)
        factor = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    for (int64_t d = 0; d < dim; d++)
        floats[d] = (float)(scratch[d] * factor);
    *length = frame->metric == BL_METRIC_COSINE ? square > 0.0 : sqrt(square) * factor;
    *half = frame->metric == BL_METRIC_L2 ? (float)(0.5 * *length * *length) : 0.0f;
}

/* What the rounding of keys, lengths and bounds in double may amount to, and underflow. */
static double slack(const struct bl_frame *frame, double query_length, double row_length)
{
    const double n = (double)frame->dim + MORE_ROUNDINGS, sum = query_length + row_length;
    return 4.0 * n * ROUND_DOUBLE * sum * sum + n * (double)FLT_MIN * (1.0 + sum);
}

double bl_frame_error(const struct bl_frame *frame, double query_length, double row_length)
{
    const double nu = ((double)frame->dim + MORE_ROUNDINGS) * ROUND_FLOAT;
    if (nu >= 0.5)
        return INFINITY;
    const double product = nu / (1.0 - nu) * query_length * row_length;
    const double half = frame->metric == BL_METRIC_L2 ? 2.0 * ROUND_FLOAT * row_length * row_length : 0.0;
    const double error = product + half + slack(frame, query_length, row_length);
    return isfinite(error) ? error : INFINITY;
}

double bl_frame_score(const struct bl_frame *frame, double query_length, double row_length, double key)
{
    const double scaled = key * frame->scale * frame->scale;
    double score = -scaled;
    if (frame->metric == BL_METRIC_L2)
        score = 0.5 * (query_length * query_length - scaled);
    else if (frame->metric == BL_METRIC_COSINE)
        score = 1.0 - key;
    score -= slack(frame, query_length, row_length);
    return score >= -DBL_MAX ? score : -INFINITY;
}

/* The elementwise passes of a layer, in place over rows [n, width]. NaN stays NaN. */
#ifndef BL_MATH_ELEMENTWISE_H
#define BL_MATH_ELEMENTWISE_H

#include <stdint.h>

/* x += bias [width] in every row, then the activation. */
void bl_bias_linear(int64_t n, int64_t width, const float *bias, float *x);
void bl_bias_relu(int64_t n, int64_t width, const float *bias, float *x);
void bl_bias_tanh(int64_t n, int64_t width, const float *bias, float *x);

/* For layers of anchors, where x >= 0 is a squared distance (math/distance.h) and bias >= 0:
 * x = bias - x, and x = exp(-bias x). */
void bl_bias_minus(int64_t n, int64_t width, const float *bias, float *x);
void bl_bias_rbf(int64_t n, int64_t width, const float *bias, float *x);

/* x = cos(x), computed in double. */
void bl_cosines(int64_t count, float *x);

/* x = tanh(scale x). */
void bl_tanh_forward(int64_t count, float scale, float *x);

/* Backward pass: a [count], the activation's output, becomes delta times the derivative there.
 *   relu: derivative 1 where a > 0, else 0
 *   tanh: derivative 1 - (undo a)^2; undo = 1 - dropout rate removes dropout's factor from a (1 without
 * dropout) */
void bl_relu_backward(int64_t count, const float *delta, float *a);
void bl_tanh_backward(int64_t count, const float *delta, float undo, float *a);

/* x += more. */
void bl_add(int64_t count, const float *more, float *x);

/* sums [width] = column sums of x [n, width], rows `stride` floats apart, accumulated in double: so many
 * columns at a time that their sums fit into vector registers. */
enum { BL_SUM_COLUMNS = 64 };
void bl_column_sums(int64_t n, int64_t width, const float *x, int64_t stride, float *sums);

/* 1 if all count values are finite. */
int bl_all_finite(int64_t count, const float *x);

#endif

#include "math/elementwise.h"

#include "base/functions.h"
#include "base/isa.h"
#include "math/vexp.h"

BL_KERNEL void bl_bias_linear(int64_t n, int64_t width, const float *restrict bias, float *restrict x)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++)
            x[i * width + j] += bias[j];
}

BL_KERNEL void bl_bias_relu(int64_t n, int64_t width, const float *restrict bias, float *restrict x)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++) {
            float value = x[i * width + j] + bias[j];
            x[i * width + j] = value < 0.0f ? 0.0f : value;
        }
}

BL_KERNEL void bl_bias_tanh(int64_t n, int64_t width, const float *restrict bias, float *restrict x)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++)
            x[i * width + j] = bl_tanh(x[i * width + j] + bias[j]);
}

BL_KERNEL void bl_bias_minus(int64_t n, int64_t width, const float *restrict bias, float *restrict x)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++)
            x[i * width + j] = bias[j] - x[i * width + j];
}

BL_KERNEL void bl_bias_rbf(int64_t n, int64_t width, const float *restrict bias, float *restrict x)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++)
            x[i * width + j] = bl_exp_negative(-bias[j] * x[i * width + j]);
}

void bl_cosines(int64_t count, float *x)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)bl_cos((double)x[i]);
}

BL_KERNEL void bl_tanh_forward(int64_t count, float scale, float *x)
{
    for (int64_t i = 0; i < count; i++)
        x[i] = bl_tanh(scale * x[i]);
}

BL_KERNEL void bl_relu_backward(int64_t count, const float *restrict delta, float *restrict a)
{
    for (int64_t i = 0; i < count; i++)
        a[i] = a[i] <= 0.0f ? 0.0f : delta[i];
}

BL_KERNEL void bl_tanh_backward(int64_t count, const float *restrict delta, float undo, float *restrict a)
{
    for (int64_t i = 0; i < count; i++) {
        float value = a[i] * undo;
        a[i] = delta[i] * (1.0f - value * value);
    }
}

static void sum_block(int64_t n, int64_t width, const float *x, int64_t stride, float *sums)
{
    double block[BL_SUM_COLUMNS] = {0};
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++)
            block[j] += (double)x[i * stride + j];
    for (int64_t j = 0; j < width; j++)
        sums[j] = (float)block[j];
}

/* sum_block for a width known to the compiler, which vectorises it. */
BL_KERNEL static void sum_full_block(int64_t n, const float *restrict x, int64_t stride, float *restrict sums)
{
    double block[BL_SUM_COLUMNS] = {0};
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < BL_SUM_COLUMNS; j++)
            block[j] += (double)x[i * stride + j];
    for (int64_t j = 0; j < BL_SUM_COLUMNS; j++)
        sums[j] = (float)block[j];
}

BL_KERNEL void bl_add(int64_t count, const float *restrict more, float *restrict x)
{
    for (int64_t i = 0; i < count; i++)
        x[i] += more[i];
}

void bl_column_sums(int64_t n, int64_t width, const float *x, int64_t stride, float *sums)
{
    int64_t j = 0;
    for (; j + BL_SUM_COLUMNS <= width; j += BL_SUM_COLUMNS)
        sum_full_block(n, x + j, stride, sums + j);
    sum_block(n, width - j, x + j, stride, sums + j);
}

BL_KERNEL int bl_all_finite(int64_t count, const float *x)
{
    uint32_t bad = 0; /* NaN and Inf: all bits of the exponent are set */
    for (int64_t i = 0; i < count; i++)
        bad |= (uint32_t)((bl_bits_of_float(x[i]) & 0x7f800000u) == 0x7f800000u);
    return bad == 0;
}

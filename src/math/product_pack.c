#include <string.h>

#include "base/isa.h"
#include "base/minmax.h"
#include "math/product_kernel.h"

/* to[k * width + i] = from[i * stride + k] for i < n, k < kc. */
static void scalar(int64_t n, int64_t kc, const float *from, int64_t stride, float *to, int64_t width)
{
    for (int64_t k = 0; k < kc; k++)
        for (int64_t i = 0; i < n; i++)
            to[k * width + i] = from[i * stride + k];
}

#if defined(__SSE__)
#include <xmmintrin.h>

/* Four rows at a time, 4 x 4 floats in registers. */
void bl_product_transpose(int64_t n, int64_t kc, const float *from, int64_t stride, float *to, int64_t width)
{
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const float *row = from + i * stride;
        int64_t k = 0;
        for (; k + 4 <= kc; k += 4) {
            __m128 a = _mm_loadu_ps(row + k), b = _mm_loadu_ps(row + stride + k);
            __m128 c = _mm_loadu_ps(row + 2 * stride + k), d = _mm_loadu_ps(row + 3 * stride + k);
            _MM_TRANSPOSE4_PS(a, b, c, d);
            float *at = to + k * width + i;
            _mm_storeu_ps(at, a);
            _mm_storeu_ps(at + width, b);
            _mm_storeu_ps(at + 2 * width, c);
            _mm_storeu_ps(at + 3 * width, d);
        }
        scalar(4, kc - k, row + k, stride, to + k * width + i, width);
    }
    scalar(n - i, kc, from + i * stride, stride, to + i, width);
}
#else
void bl_product_transpose(int64_t n, int64_t kc, const float *from, int64_t stride, float *to, int64_t width)
{
    scalar(n, kc, from, stride, to, width);
}
#endif

/* A width that is constant in each call: the copies become a few vector moves in place of calls of memcpy. */
BL_INLINE void copy_lines(const int width, int64_t kc, const float *from, int64_t stride, float *to)
{
    for (int64_t k = 0; k < kc; k++)
        memcpy(to + k * width, from + k * stride, (size_t)width * sizeof *to);
}

/* to[k * width + i] = from[k * stride + i] for i < n, k < kc. */
static void copy_packed(int64_t n, int64_t kc, const float *from, int64_t stride, float *to, int width)
{
    if (n == 32 && width == 32)
        copy_lines(32, kc, from, stride, to);
    else if (n == 16 && width == 16)
        copy_lines(16, kc, from, stride, to);
    else if (n == 12 && width == 12)
        copy_lines(12, kc, from, stride, to);
    else
        for (int64_t k = 0; k < kc; k++)
            memcpy(to + k * width, from + k * stride, (size_t)n * sizeof *to);
}

void bl_product_pack(const struct bl_product_kernel *kernel, int across, int64_t n, int64_t kc,
                     const float *x, int64_t ld, int width, float *to)
{
    for (int64_t i = 0; i < n; i += width, to += kc * width) {
        int64_t count = bl_min(n - i, width);
        if (count < width)
            memset(to, 0, (size_t)(kc * width) * sizeof *to);
        if (across)
            copy_packed(count, kc, x + i, ld, to, width);
        else
            kernel->transpose(count, kc, x + i * ld, ld, to, width);
    }
}

void bl_product_copy(int rows, int columns, const void *from, int64_t from_stride, void *to,
                     int64_t to_stride)
{
    enum { BYTES = 4 };
    for (int64_t i = 0; i < rows; i++)
        memcpy((char *)to + i * to_stride * BYTES, (const char *)from + i * from_stride * BYTES,
               (size_t)columns * BYTES);
}

#include "math/product_kernel.h"

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

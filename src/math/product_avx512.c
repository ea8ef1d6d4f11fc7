#include "base/isa.h"
#include "math/product_kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define TARGET       __attribute__((target("avx512f,fma")))
#define VEC          __m512
#define LANES        16
#define ROWS         12
#define VECS         2
#define LOAD         _mm512_loadu_ps
#define STORE        _mm512_storeu_ps
#define SPREAD       _mm512_set1_ps
#define FMA          _mm512_fmadd_ps
#define MUL          _mm512_mul_ps
#define INTS         __m512i
#define LOAD_INTS    _mm512_loadu_si512
#define STORE_INTS   _mm512_storeu_si512
#define ADD_INTS     _mm512_add_epi32
#define ROUND        _mm512_cvtps_epi32
#define MAGNITUDE(x) _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(INT32_MAX))
#define HIGHER       _mm512_max_epu32
#include "math/product_tile.h"

/* Sixteen rows by four columns at a time: lane l of a vector holds row q + 4 l, so that transposing 4 x 4 within the
 * lanes leaves each column's sixteen values in order. */
TARGET static void transpose_block(const float *from, int64_t stride, float *to, int64_t width)
{
    __m512 rows[4];
    for (int q = 0; q < 4; q++) {
        __m512 x = _mm512_castps128_ps512(_mm_loadu_ps(from + q * stride));
        x = _mm512_insertf32x4(x, _mm_loadu_ps(from + (q + 4) * stride), 1);
        x = _mm512_insertf32x4(x, _mm_loadu_ps(from + (q + 8) * stride), 2);
        rows[q] = _mm512_insertf32x4(x, _mm_loadu_ps(from + (q + 12) * stride), 3);
    }
    const __m512 ac_low = _mm512_unpacklo_ps(rows[0], rows[2]),
                 ac_high = _mm512_unpackhi_ps(rows[0], rows[2]);
    const __m512 bd_low = _mm512_unpacklo_ps(rows[1], rows[3]),
                 bd_high = _mm512_unpackhi_ps(rows[1], rows[3]);
    _mm512_storeu_ps(to, _mm512_unpacklo_ps(ac_low, bd_low));
    _mm512_storeu_ps(to + width, _mm512_unpackhi_ps(ac_low, bd_low));
    _mm512_storeu_ps(to + 2 * width, _mm512_unpacklo_ps(ac_high, bd_high));
    _mm512_storeu_ps(to + 3 * width, _mm512_unpackhi_ps(ac_high, bd_high));
}

TARGET static void transpose(int64_t n, int64_t kc, const float *from, int64_t stride, float *to,
                             int64_t width)
{
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        int64_t k = 0;
        for (; k + 4 <= kc; k += 4)
            transpose_block(from + i * stride + k, stride, to + k * width + i, width);
        bl_product_transpose(16, kc - k, from + i * stride + k, stride, to + k * width + i, width);
    }
    bl_product_transpose(n - i, kc, from + i * stride, stride, to + i, width);
}

static int runs_here(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
}

const struct bl_product_kernel bl_product_avx512 = {.name = "avx512",
                                                    .rows = ROWS,
                                                    .columns = VECS * LANES,
                                                    .runs_here = runs_here,
                                                    .tile = tile,
                                                    .transpose = transpose};
#else
const struct bl_product_kernel bl_product_avx512 = {.name = "avx512", .runs_here = bl_product_never};
#endif

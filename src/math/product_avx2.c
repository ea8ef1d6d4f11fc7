#include "base/isa.h"
#include "math/product_kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define TARGET                __attribute__((target("avx2,fma")))
#define VEC                   __m256
#define LANES                 8
#define ROWS                  6
#define VECS                  2
#define LOAD                  _mm256_loadu_ps
#define STORE                 _mm256_storeu_ps
#define SPREAD                _mm256_set1_ps
#define FMA                   _mm256_fmadd_ps
#define MUL                   _mm256_mul_ps
#define INTS                  __m256i
#define LOAD_INTS(from)       _mm256_loadu_si256((const __m256i *)(const void *)(from))
#define STORE_INTS(to, value) _mm256_storeu_si256((__m256i *)(void *)(to), value)
#define ADD_INTS              _mm256_add_epi32
#define ROUND                 _mm256_cvtps_epi32
#define MAGNITUDE(x)          _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(INT32_MAX))
#define HIGHER                _mm256_max_epu32
#include "math/product_tile.h"

static int runs_here(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct bl_product_kernel bl_product_avx2 = {.name = "avx2",
                                                  .rows = ROWS,
                                                  .columns = VECS * LANES,
                                                  .runs_here = runs_here,
                                                  .tile = tile,
                                                  .transpose = bl_product_transpose};
#else
const struct bl_product_kernel bl_product_avx2 = {.name = "avx2", .runs_here = bl_product_never};
#endif

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

static int runs_here(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
}

const struct bl_product_kernel bl_product_avx512 = {
    .name = "avx512", .rows = ROWS, .columns = VECS * LANES, .runs_here = runs_here, .tile = tile};
#else
const struct bl_product_kernel bl_product_avx512 = {.name = "avx512", .runs_here = bl_product_never};
#endif

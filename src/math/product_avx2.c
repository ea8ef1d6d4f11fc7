#include "base/isa.h"
#include "math/product_kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define VEC    __m256
#define LANES  8
#define ROWS   6
#define VECS   2
#define LOAD   _mm256_loadu_ps
#define STORE  _mm256_storeu_ps
#define SPREAD _mm256_set1_ps
#define FMA    _mm256_fmadd_ps
#define ADD    _mm256_add_ps
#include "math/product_tile.h"

static int runs_here(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct bl_product_kernel bl_product_avx2 = {
    .name = "avx2", .rows = ROWS, .columns = VECS * LANES, .runs_here = runs_here, .tile = tile};
#else
const struct bl_product_kernel bl_product_avx2 = {.name = "avx2", .runs_here = bl_product_never};
#endif

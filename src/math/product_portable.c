#include <math.h>
#include <string.h>

#include "base/isa.h"
#include "math/product_kernel.h"

/* To nearest, ties to even. Out of range and NaN become INT_MIN, as with x86's vector conversion. */
static inline uint32_t round_to_integer(float x)
{
    return fabsf(x) < 0x1p31f ? (uint32_t)(int32_t)lrintf(x) : 0x80000000u;
}

static inline uint32_t magnitude(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffffu;
}

static inline uint32_t higher(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* A vector of one float; the tile's size suits 128-bit registers. Where the compiler may use fused
 * multiply-adds it vectorises this; otherwise fmaf is a library call, slow but with the same bits. */
#define TARGET
#define VEC              float
#define LANES            1
#define ROWS             4
#define VECS             8
#define LOAD             *
#define STORE(to, value) (*(to) = (value))
#define SPREAD
#define FMA                   fmaf
#define MUL(a, b)             ((a) * (b))
#define INTS                  uint32_t
#define LOAD_INTS(from)       (*(const uint32_t *)(from))
#define STORE_INTS(to, value) (*(uint32_t *)(to) = (value))
#define ADD_INTS(a, b)        ((a) + (b))
#define ROUND                 round_to_integer
#define MAGNITUDE             magnitude
#define HIGHER                higher
#include "math/product_tile.h"

static int runs_here(void)
{
    return 1;
}

const struct bl_product_kernel bl_product_portable = {.name = "portable",
                                                      .rows = ROWS,
                                                      .columns = VECS * LANES,
                                                      .runs_here = runs_here,
                                                      .tile = tile,
                                                      .transpose = bl_product_transpose};

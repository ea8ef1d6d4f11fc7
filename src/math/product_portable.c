#include <math.h>

#include "base/isa.h"
#include "math/product_kernel.h"

/* The widths suit 128-bit vectors; a compiler that may use fused multiply-adds makes vector code of it, and
 * otherwise fmaf is a call: slow, and the same bits. */
#define TARGET
#define VEC              float
#define LANES            1
#define ROWS             4
#define VECS             8
#define LOAD             *
#define STORE(to, value) (*(to) = (value))
#define SPREAD
#define FMA       fmaf
#define ADD(a, b) ((a) + (b))
#include "math/product_tile.h"

static int runs_here(void)
{
    return 1;
}

const struct bl_product_kernel bl_product_portable = {
    .name = "portable", .rows = ROWS, .columns = VECS * LANES, .runs_here = runs_here, .tile = tile};

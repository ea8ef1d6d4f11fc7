#include "math/fixed.h"

#include <math.h>

#include "base/isa.h"

enum { SUM_BITS = 61 }; /* bound maps to at most 2^61: the rest of int64 is left for rounding errors */

struct bl_fixed bl_fixed_of_bound(double bound)
{
    int exponent = 0;
    frexp(bound, &exponent); /* bound <= 2^exponent */
    return (struct bl_fixed){.scale = ldexp(1.0, SUM_BITS - exponent)};
}

int64_t bl_fixed_from(struct bl_fixed fixed, double number)
{
    return isfinite(number) ? llrint(number * fixed.scale) : 0;
}

BL_KERNEL void bl_fixed_add(struct bl_fixed fixed, int64_t n, const float *restrict x, int64_t *restrict sums)
{
    for (int64_t i = 0; i < n; i++) {
        const double number = isfinite(x[i]) ? (double)x[i] * fixed.scale : 0.0;
        sums[i] += llrint(number);
    }
}

double bl_fixed_to(struct bl_fixed fixed, int64_t integer)
{
    return (double)integer / fixed.scale;
}

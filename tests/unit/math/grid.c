#include "math/grid.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"

enum { NOT_FINITE = BL_GRID_EXPONENTS - 1 };

static const int64_t counts[] = {1, 2, 3, 16, 17, 128, 129, 4096};
enum { COUNTS = sizeof counts / sizeof *counts };

/* The largest float of a biased exponent. */
static float largest_of(int exponent)
{
    const uint32_t bits = (uint32_t)exponent << 23 | 0x7fffffu;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* What a group makes of a value, in 64 bits. */
static int64_t rounded(float value, float scale)
{
    return llrintf(value * scale);
}

/* All groups hold the largest value that there can be. */
Test(grid, where_a_scale_fits_the_worst_case_stays_in_range)
{
    for (int c = 0; c < COUNTS; c++)
        for (int exponent = 0; exponent < NOT_FINITE; exponent++)
            for (int power = -126; power <= 120; power++) {
                const float scale = ldexpf(1.0f, power), worst = largest_of(exponent);
                if (!bl_grid_fits(scale, exponent, counts[c]))
                    continue;
                const int64_t sum = counts[c] * rounded(worst, scale);
                cr_assert_leq(sum, INT32_MAX, "2^%d, exponent %d, %d groups", power, exponent,
                              (int)counts[c]);
                cr_assert_geq(-sum, INT32_MIN);
            }
}

/* With a power of two of groups, and up to 128 of them, one step more does leave the range. */
Test(grid, the_next_finer_scale_is_refused_and_overflows)
{
    for (int c = 0; c < COUNTS; c++) {
        const int exponent = 130;
        int power = -126;
        while (bl_grid_fits(ldexpf(1.0f, power + 1), exponent, counts[c]))
            power++;
        const int64_t finer = counts[c] * rounded(largest_of(exponent), ldexpf(1.0f, power + 1));
        const int64_t used = counts[c] * rounded(largest_of(exponent), ldexpf(1.0f, power));
        if (counts[c] <= 128 && (counts[c] & (counts[c] - 1)) == 0)
            cr_assert_gt(finer, INT32_MAX, "%d groups", (int)counts[c]);
        cr_assert_gt(used, INT32_MAX / 4, "%d groups use %lld", (int)counts[c], (long long)used);
        for (int more = power + 1; more <= 120; more++)
            cr_assert_not(bl_grid_fits(ldexpf(1.0f, more), exponent, counts[c]));
    }
}

Test(grid, the_scale_is_the_finest_that_fits_grown_values)
{
    for (int c = 0; c < COUNTS; c++)
        for (int exponent = 0; exponent < NOT_FINITE; exponent++) {
            const float scale = bl_grid_scale(exponent, counts[c]);
            const int grown = exponent + BL_GRID_HEADROOM;
            cr_assert(isnormal(scale) && scale > 0.0f && scale <= 0x1p120f && isnormal(1.0f / scale));
            cr_assert(bl_grid_fits(scale, exponent, counts[c]));
            if (grown >= NOT_FINITE)
                continue;
            cr_assert(bl_grid_fits(scale, grown, counts[c]));
            cr_assert(scale == 0x1p120f || !bl_grid_fits(2.0f * scale, grown, counts[c]));
            cr_assert(scale == 0x1p120f || !bl_grid_fits(scale, grown + 1, counts[c]));
        }
}

Test(grid, sixteen_groups_keep_24_bits_of_the_largest_value)
{
    const float value = 0x1.8p5f;
    const double integer = (double)value * (double)bl_grid_scale(127 + 5, 16);
    cr_assert(integer >= 0x1p23 && integer < 0x1p24);
}

Test(grid, an_unknown_scale_and_values_that_are_not_finite_never_fit)
{
    for (int c = 0; c < COUNTS; c++)
        for (int exponent = 0; exponent <= NOT_FINITE; exponent++) {
            cr_assert_not(bl_grid_fits(0.0f, exponent, counts[c]));
            cr_assert_not(bl_grid_fits(bl_grid_scale(exponent, counts[c]), NOT_FINITE, counts[c]));
        }
    cr_assert_not(bl_grid_fits(0x1p-126f, NOT_FINITE, 1));
}

Test(grid, integers_come_back_rounded_once_also_in_place)
{
    enum { N = 8 };
    static const int32_t integers[N] = {0,         1,        -1, (1 << 24) + 1, (1 << 24) + 3, -(1 << 24) - 1,
                                        INT32_MAX, INT32_MIN};
    static const int powers[] = {-126, -3, 0, 20, 120};
    for (size_t p = 0; p < sizeof powers / sizeof *powers; p++) {
        const float scale = ldexpf(1.0f, powers[p]);
        float out[N], *place;
        bl_grid_to_floats(N, scale, integers, out);
        cr_assert_eq(bl_alloc(&place, N, sizeof *place, "integers", NULL), 0);
        memcpy(place, integers, sizeof integers);
        bl_grid_to_floats(N, scale, (const int32_t *)(void *)place, place);
        for (int i = 0; i < N; i++)
            cr_assert_eq(out[i], (float)((double)integers[i] / (double)scale), "2^%d, %d", powers[p], i);
        cr_assert_eq(memcmp(place, out, sizeof out), 0);
        bl_free(&place);
    }
}

Test(grid, sums_of_holders_are_added_and_wrap)
{
    int32_t sums[3] = {5, INT32_MAX, INT32_MIN};
    const int32_t more[3] = {-7, 1, -1};
    bl_grid_add(3, more, sums);
    cr_assert_eq(sums[0], -2);
    cr_assert_eq(sums[1], INT32_MIN);
    cr_assert_eq(sums[2], INT32_MAX);
}

#include "data/checks.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { N = 1300 };

Test(checks, the_first_value_that_is_not_finite_is_found_wherever_it_stands)
{
    static float floats[N];
    static double doubles[N];
    static uint16_t halves[N];
    for (int64_t at = 0; at < N; at += 37) {
        memset(floats, 0, sizeof floats);
        memset(doubles, 0, sizeof doubles);
        memset(halves, 0, sizeof halves);
        floats[at] = at % 2 ? NAN : -INFINITY;
        doubles[at] = at % 2 ? INFINITY : NAN;
        halves[at] = at % 2 ? 0x7c00 : 0xfe01; /* infinity, a NaN */
        floats[N - 1] = NAN;
        cr_assert_eq(bl_first_not_finite(BL_FLOAT32, floats, N), at);
        cr_assert_eq(bl_first_not_finite(BL_FLOAT64, doubles, N), at);
        cr_assert_eq(bl_first_not_finite(BL_FLOAT16, halves, N), at);
        cr_assert_eq(bl_first_not_finite(BL_FLOAT64, doubles, at), -1);
        cr_assert_eq(bl_first_not_finite(BL_FLOAT16, halves, at), -1);
    }
}

Test(checks, large_finite_values_are_not_taken_for_infinity)
{
    const float floats[] = {3.4e38f, -3.4e38f, 0.0f, 1e-45f};
    const uint16_t halves[] = {0x7bff, 0xfbff, 0, 1};
    const uint8_t bytes[] = {255, 255, 255, 255};
    cr_assert_eq(bl_first_not_finite(BL_FLOAT32, floats, 4), -1);
    cr_assert_eq(bl_first_not_finite(BL_FLOAT16, halves, 4), -1);
    cr_assert_eq(bl_first_not_finite(BL_UINT8, bytes, 4), -1);
}

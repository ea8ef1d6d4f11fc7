#include "math/fixed.h"

#include <criterion/criterion.h>
#include <math.h>

static const double bounds[] = {0.0, 1e-30, 0.75, 1.0, 60000.0, 1e18, 1e30};

Test(fixed, a_sum_at_its_bound_does_not_overflow)
{
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        struct bl_fixed fixed = bl_fixed_of_bound(bounds[i]);
        double integer = bounds[i] * fixed.scale;
        cr_assert_leq(integer, 0x1p61, "bound %g", bounds[i]);
        if (bounds[i] > 0.0)
            cr_assert_gt(integer, 0x1p59, "the scale of bound %g is coarser than it need be", bounds[i]);
    }
}

Test(fixed, parts_in_any_order_give_the_same_bits)
{
    enum { N = 1000 };
    struct bl_fixed fixed = bl_fixed_of_bound(N);
    int64_t up = 0, down = 0;
    double exact = 0.0;
    for (int i = 0; i < N; i++) {
        up += bl_fixed_from(fixed, sin(i));
        down += bl_fixed_from(fixed, sin(N - 1 - i));
        exact += sin(i);
    }
    cr_assert_eq(up, down);
    cr_assert_lt(fabs(bl_fixed_to(fixed, up) - exact), 1e-12);
}

Test(fixed, a_number_comes_back_within_half_a_step)
{
    struct bl_fixed fixed = bl_fixed_of_bound(3.0);
    for (double x = -3.0; x <= 3.0; x += 0.0137)
        cr_assert_leq(fabs(bl_fixed_to(fixed, bl_fixed_from(fixed, x)) - x), 0.5 / fixed.scale);
}

/* Small enough that a double has digits behind a step. */
Test(fixed, a_small_number_is_rounded_to_the_nearest_step_and_not_cut)
{
    const struct bl_fixed fixed = bl_fixed_of_bound(3.0);
    for (int whole = -3; whole <= 3; whole++)
        for (int part = -9; part <= 9; part++) {
            if (part == 5 || part == -5)
                continue;
            const double steps = whole + 0.1 * part;
            const float x = (float)(steps / fixed.scale);
            int64_t sum = 1000;
            bl_fixed_add(fixed, 1, &x, &sum);
            cr_assert_eq(bl_fixed_from(fixed, steps / fixed.scale), (int64_t)floor(steps + 0.5), "%g", steps);
            cr_assert_eq(sum - 1000, (int64_t)floor(steps + 0.5), "%g", steps);
        }
}

Test(fixed, numbers_that_are_not_finite_count_as_nothing)
{
    struct bl_fixed fixed = bl_fixed_of_bound(1.0);
    cr_assert_eq(bl_fixed_from(fixed, NAN), 0);
    cr_assert_eq(bl_fixed_from(fixed, INFINITY), 0);
    cr_assert_eq(bl_fixed_from(fixed, -INFINITY), 0);
}

Test(fixed, many_floats_are_added_as_each_alone)
{
    enum { N = 37 };
    struct bl_fixed fixed = bl_fixed_of_bound(3.0);
    float x[N];
    int64_t sums[N], expected[N];
    for (int i = 0; i < N; i++) {
        x[i] = i % 9 == 4 ? NAN : i % 9 == 5 ? -INFINITY : (float)sin(i);
        sums[i] = 1000 * i;
        expected[i] = sums[i] + bl_fixed_from(fixed, (double)x[i]);
    }
    bl_fixed_add(fixed, N, x, sums);
    for (int i = 0; i < N; i++)
        cr_assert_eq(sums[i], expected[i]);
}

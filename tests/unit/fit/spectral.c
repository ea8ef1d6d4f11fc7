#include "fit/spectral.h"

#include <criterion/criterion.h>

Test(spectral, modes_of_smallest_frequency_come_first)
{
    const float lo[3] = {0, -1, 5}, hi[3] = {10, 3, 6}; /* extents 10, 4, 1: modes/extent 0.1, 0.25, 1 */
    static const struct bl_spectral_mode expected[] = {{0, 1},  {0, 2}, {1, 1}, {0, 3}, {0, 4}, {0, 5},
                                                       {1, 2},  {0, 6}, {0, 7}, {1, 3}, {0, 8}, {0, 9},
                                                       {0, 10}, {1, 4}, {2, 1}, {0, 11}};
    struct bl_spectral_mode modes[16];
    int64_t next[3];
    bl_spectral_modes(3, lo, hi, 16, next, modes);
    for (int k = 0; k < 16; k++)
        cr_assert(modes[k].direction == expected[k].direction && modes[k].mode == expected[k].mode, "%d", k);
}

Test(spectral, a_direction_without_extent_has_no_modes)
{
    const float lo[2] = {2, 0}, hi[2] = {2, 1};
    struct bl_spectral_mode modes[5];
    int64_t next[2];
    bl_spectral_modes(2, lo, hi, 5, next, modes);
    for (int k = 0; k < 5; k++)
        cr_assert(modes[k].direction == 1 && modes[k].mode == k + 1);
}

Test(spectral, the_first_mode_goes_through_half_a_period)
{
    const float lo[1] = {-2}, hi[1] = {6};
    cr_assert_float_eq(bl_spectral_frequency((struct bl_spectral_mode){0, 1}, lo, hi) * 8.0, 3.14159265358979,
                       1e-12);
}

Test(spectral, extents_hold_all_points)
{
    const float points[6] = {1, -5, 0, 7, -3, 2};
    float lo[2] = {0, 0}, hi[2] = {0, 0};
    bl_spectral_widen(3, 2, points, lo, hi);
    cr_assert(lo[0] == -3 && hi[0] == 1 && lo[1] == -5 && hi[1] == 7);
}

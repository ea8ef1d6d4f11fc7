#include "data/types.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* The value of a binary16 pattern by the standard's formula. */
static double half_value(int half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    double sign = half >> 15 ? -1.0 : 1.0;
    if (exponent == 31)
        return fraction ? (double)NAN : sign * (double)INFINITY;
    return exponent == 0 ? sign * ldexp(fraction, -24) : sign * ldexp(1024 + fraction, exponent - 25);
}

Test(types, every_half_has_the_value_of_the_standard)
{
    for (int half = 0; half < 65536; half++) {
        double expected = half_value(half), value = (double)bl_half_to_float((uint16_t)half);
        if (isnan(expected))
            cr_assert(isnan(value), "pattern %04x", half);
        else
            cr_assert(value == expected && !signbit(value) == !signbit(expected), "pattern %04x", half);
    }
}

Test(types, every_half_survives_the_way_to_float_and_back)
{
    for (int half = 0; half < 65536; half++) {
        uint16_t back = bl_half_from_float(bl_half_to_float((uint16_t)half));
        if (isnan(half_value(half)))
            cr_assert(isnan(bl_half_to_float(back)), "pattern %04x", half);
        else
            cr_assert_eq(back, half, "pattern %04x", half);
    }
}

/* Midpoints of neighbours go to the even one, and a float beyond the midpoint to the nearer one. */
Test(types, floats_round_to_the_nearest_half_and_ties_to_even)
{
    for (int half = 0; half < 0x7bff; half++) {
        float middle = (float)((half_value(half) + half_value(half + 1)) / 2);
        int even = half % 2 == 0 ? half : half + 1;
        cr_assert_eq(bl_half_from_float(middle), even, "above %04x", half);
        cr_assert_eq(bl_half_from_float(-middle), even | 0x8000, "below -%04x", half);
        cr_assert_eq(bl_half_from_float(nextafterf(middle, 0.0f)), half, "above %04x", half);
        cr_assert_eq(bl_half_from_float(nextafterf(middle, 1e9f)), half + 1, "above %04x", half);
    }
}

Test(types, overflow_gives_infinity_and_the_largest_half_is_kept)
{
    cr_assert_eq(bl_half_from_float(65504.0f), 0x7bff);
    cr_assert_eq(bl_half_from_float(nextafterf(65520.0f, 0.0f)), 0x7bff);
    cr_assert_eq(bl_half_from_float(65520.0f), 0x7c00);
    cr_assert_eq(bl_half_from_float(-1e30f), 0xfc00);
    cr_assert_eq(bl_half_from_float((float)INFINITY), 0x7c00);
}

Test(types, sizes_and_names_belong_to_the_types)
{
    static const struct {
        enum bl_type type;
        size_t bytes;
        const char *name;
    } types[] = {{BL_UINT8, 1, "uint8"},
                 {BL_FLOAT16, 2, "float16"},
                 {BL_FLOAT32, 4, "float32"},
                 {BL_FLOAT64, 8, "float64"}};
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(bl_type_bytes(types[i].type), types[i].bytes);
        cr_assert_str_eq(bl_type_name(types[i].type), types[i].name);
    }
}

Test(types, every_type_converts_to_double_and_to_float)
{
    const uint8_t bytes[] = {0, 255};
    const uint16_t halves[] = {0x3c00, 0xc100};
    const float floats[] = {0.1f, -3e38f};
    const double doubles[] = {0.1, -7.25};
    double wide[2];
    float narrow[2];
    bl_type_to_double(BL_UINT8, bytes, 2, wide);
    bl_type_to_float(BL_UINT8, bytes, 2, narrow);
    cr_assert(wide[0] == 0 && wide[1] == 255 && narrow[0] == 0 && narrow[1] == 255);
    bl_type_to_double(BL_FLOAT16, halves, 2, wide);
    bl_type_to_float(BL_FLOAT16, halves, 2, narrow);
    cr_assert(wide[0] == 1 && wide[1] == -2.5 && narrow[0] == 1 && narrow[1] == -2.5f);
    bl_type_to_double(BL_FLOAT32, floats, 2, wide);
    bl_type_to_float(BL_FLOAT32, floats, 2, narrow);
    cr_assert(wide[0] == (double)0.1f && wide[1] == (double)-3e38f && narrow[0] == 0.1f &&
              narrow[1] == -3e38f);
    bl_type_to_double(BL_FLOAT64, doubles, 2, wide);
    bl_type_to_float(BL_FLOAT64, doubles, 2, narrow);
    cr_assert(wide[0] == 0.1 && wide[1] == -7.25 && narrow[0] == 0.1f && narrow[1] == -7.25f);
}

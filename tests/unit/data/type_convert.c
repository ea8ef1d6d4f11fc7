#include <criterion/criterion.h>
#include <math.h>

#include "data/types.h"

Test(type_convert, every_type_to_every_other_keeps_small_whole_numbers)
{
    const double numbers[] = {0.0, 1.0, 7.0, 255.0};
    for (int from = 0; from < 4; from++)
        for (int to = 0; to < 4; to++) {
            double first[4], second[4], back[4];
            cr_assert_eq(bl_type_convert(BL_FLOAT64, numbers, 4, (enum bl_type)from, first), 4);
            cr_assert_eq(bl_type_convert((enum bl_type)from, first, 4, (enum bl_type)to, second), 4);
            bl_type_to_double((enum bl_type)to, second, 4, back);
            cr_assert_arr_eq(back, numbers, sizeof numbers);
        }
}

Test(type_convert, the_first_value_that_does_not_fit_is_named)
{
    static const struct {
        enum bl_type to;
        double value;
        int fits;
    } cases[] = {{BL_UINT8, 256.0, 0},       {BL_UINT8, -1.0, 0},      {BL_UINT8, 0.5, 0},
                 {BL_UINT8, NAN, 0},         {BL_FLOAT16, 70000.0, 0}, {BL_FLOAT16, 65504.0, 1},
                 {BL_FLOAT16, HUGE_VAL, 1},  {BL_FLOAT32, 1e39, 0},    {BL_FLOAT32, NAN, 1},
                 {BL_FLOAT32, -HUGE_VAL, 1}, {BL_FLOAT32, 0.1, 1},     {BL_FLOAT64, 1e300, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double values[300] = {0.0}, out[300];
        values[280] = cases[i].value;
        cr_assert_eq(bl_type_convert(BL_FLOAT64, values, 300, cases[i].to, out), cases[i].fits ? 300 : 280,
                     "%g to %s", cases[i].value, bl_type_name(cases[i].to));
    }
}

Test(type_convert, types_are_found_by_their_names)
{
    enum bl_type type;
    for (int t = 0; t < 4; t++)
        cr_assert(bl_type_of_name(bl_type_name((enum bl_type)t), &type) && type == (enum bl_type)t);
    cr_assert_eq(bl_type_of_name("int8", &type), 0);
}

#include "base/quantity.h"

#include <criterion/criterion.h>

static double value;

Test(quantity, a_rate_is_bytes_a_second)
{
    cr_assert(bl_quantity_parse("100Gb/s", bl_units_of_rate, &value));
    cr_assert_float_eq(value, 12.5e9, 1.0);
    cr_assert(bl_quantity_parse("800 Mb/s", bl_units_of_rate, &value));
    cr_assert_float_eq(value, 1e8, 1.0);
    cr_assert(bl_quantity_parse("2.5GB/s", bl_units_of_rate, &value));
    cr_assert_float_eq(value, 2.5e9, 1.0);
}

Test(quantity, a_time_is_seconds)
{
    cr_assert(bl_quantity_parse("2us", bl_units_of_time, &value));
    cr_assert_float_eq(value, 2e-6, 1e-12);
    cr_assert(bl_quantity_parse("0.5ms", bl_units_of_time, &value));
    cr_assert_float_eq(value, 5e-4, 1e-12);
}

Test(quantity, what_is_no_quantity_leaves_the_value)
{
    static const char *const bad[] = {"",    "us",    "2",    "2 lightyears", "-1us",
                                      "0us", "nanus", "infs", "2us/s",        "1e999s"};
    value = 7.0;
    for (int i = 0; i < 10; i++)
        cr_expect_not(bl_quantity_parse(bad[i], bl_units_of_time, &value), "%s", bad[i]);
    cr_assert_eq(value, 7.0);
}

static void expect_bytes(int64_t n, const char *text)
{
    cr_expect_str_eq(bl_bytes(n).text, text);
}

Test(quantity, bytes_are_said_in_the_largest_unit_that_leaves_one_or_more)
{
    expect_bytes(0, "0 bytes");
    expect_bytes(1, "1 byte");
    expect_bytes(1023, "1023 bytes");
    expect_bytes(1024, "1.0 KiB");
    expect_bytes((1 << 20) - 1, "1.0 MiB");
    expect_bytes(INT64_C(812) << 20, "812.0 MiB");
    expect_bytes(INT64_C(1073749248) << 20, "1.0 PiB");
    expect_bytes(INT64_MAX, "8.0 EiB");
}

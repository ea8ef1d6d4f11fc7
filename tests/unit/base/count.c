#include "base/count.h"

#include <criterion/criterion.h>

Test(count, one_is_singular_and_all_else_plural)
{
    cr_assert_str_eq(bl_count(1, "step").text, "1 step");
    cr_assert_str_eq(bl_count(0, "step").text, "0 steps");
    cr_assert_str_eq(bl_count(2, "step").text, "2 steps");
    cr_assert_str_eq(bl_count(-1, "step").text, "-1 steps");
}

Test(count, the_last_word_gets_the_plural)
{
    cr_assert_str_eq(bl_count(3, "training row").text, "3 training rows");
    cr_assert_str_eq(bl_count(3, "class").text, "3 classes");
    cr_assert_str_eq(bl_count(3, "query").text, "3 queries");
    cr_assert_str_eq(bl_count(1, "class").text, "1 class");
    cr_assert_str_eq(bl_count(1, "query").text, "1 query");
}

Test(count, a_duration_has_hours_where_there_are_any_and_two_digits_for_the_rest)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0.4, "0:00"},       {0.6, "0:01"},          {59.4, "0:59"},      {59.6, "1:00"},
                 {754.0, "12:34"},    {3599.4, "59:59"},      {3599.6, "1:00:00"}, {3661.0, "1:01:01"},
                 {7384.0, "2:03:04"}, {360000.0, "100:00:00"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char text[32];
        bl_duration(cases[c].seconds, text, sizeof text);
        cr_assert_str_eq(text, cases[c].text);
    }
}

Test(count, a_noun_that_is_too_long_is_cut)
{
    struct bl_counted counted =
        bl_count(INT64_MIN, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm");
    cr_assert_eq(counted.text[sizeof counted.text - 1], '\0');
}

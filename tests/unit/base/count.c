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

Test(count, a_noun_that_is_too_long_is_cut)
{
    struct bl_counted counted =
        bl_count(INT64_MIN, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm");
    cr_assert_eq(counted.text[sizeof counted.text - 1], '\0');
}

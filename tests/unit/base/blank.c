#include "base/blank.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void expect_trimmed(const char *given, const char *expected)
{
    char text[64];
    snprintf(text, sizeof text, "%s", given);
    cr_assert_str_eq(bl_blank_trim(text), expected);
}

Test(blank, blanks_of_every_kind_are_removed_at_both_ends_only)
{
    expect_trimmed(" cat", "cat");
    expect_trimmed("\tcat  \t", "cat");
    expect_trimmed("\xc2\xa0\x63\x61t\xc2\xa0", "cat");
    expect_trimmed("\xe3\x80\x80 big cat\xe2\x80\x89", "big cat");
    expect_trimmed("", "");
    expect_trimmed("   ", "");
    expect_trimmed("caf\xc3\xa9 ", "caf\xc3\xa9");
}

Test(blank, names_that_differ_in_blanks_or_case_fold_alike)
{
    char a[32], b[32];
    bl_blank_fold("Big Cat", a, sizeof a);
    bl_blank_fold(" big\xc2\xa0\x63\x41T", b, sizeof b);
    cr_assert_str_eq(a, b);
    bl_blank_fold("big-cat", b, sizeof b);
    cr_assert_str_neq(a, b);
}

Test(blank, folding_stops_at_the_size)
{
    char folded[4];
    bl_blank_fold("abcdef", folded, sizeof folded);
    cr_assert_str_eq(folded, "abc");
}

Test(blank, control_characters_are_found_and_letters_are_none)
{
    cr_assert(bl_blank_has_control("a\nb"));
    cr_assert(bl_blank_has_control("\x1b[31m"));
    cr_assert(bl_blank_has_control("\x7f"));
    cr_assert_not(bl_blank_has_control("caf\xc3\xa9 au lait"));
}

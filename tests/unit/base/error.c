#include "base/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(error, a_failure_carries_its_code_and_sentence)
{
    struct bl_error err = {0};
    cr_assert_eq(bl_fail(&err, BL_INPUT, "row %d of %s", 3, "a.csv"), BL_INPUT);
    cr_assert_eq(err.code, BL_INPUT);
    cr_assert_str_eq(err.what, "row 3 of a.csv");
}

Test(error, a_caller_without_interest_passes_null)
{
    cr_assert_eq(bl_fail(NULL, BL_PATH, "gone"), BL_PATH);
}

Test(error, line_breaks_become_spaces)
{
    struct bl_error err;
    bl_fail(&err, BL_INPUT, "one\ntwo\r\nthree");
    cr_assert_str_eq(err.what, "one two  three");
}

Test(error, a_text_that_is_too_long_is_cut_and_terminated)
{
    struct bl_error err;
    char text[3 * sizeof err.what];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    bl_fail(&err, BL_INPUT, "%s", text);
    cr_assert_eq(strlen(err.what), sizeof err.what - 1);
}

Test(error, a_later_failure_replaces_an_earlier_one)
{
    struct bl_error err;
    bl_fail(&err, BL_INPUT, "a long first sentence");
    bl_fail(&err, BL_PATH, "second");
    cr_assert_eq(err.code, BL_PATH);
    cr_assert_str_eq(err.what, "second");
}

Test(error, a_prefix_stands_before_the_message_from_below)
{
    struct bl_error err;
    bl_fail(&err, BL_NUMBERS, "value is NaN");
    cr_assert_eq(bl_fail_prefix(&err, "row %d", 9), BL_NUMBERS);
    cr_assert_str_eq(err.what, "row 9: value is NaN");
}

Test(error, a_prefix_on_a_full_message_cuts_its_end)
{
    struct bl_error err;
    char text[sizeof err.what];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    bl_fail(&err, BL_INPUT, "%s", text);
    bl_fail_prefix(&err, "data.h5");
    cr_assert_eq(strncmp(err.what, "data.h5: xxx", 12), 0);
    cr_assert_lt(strlen(err.what), sizeof err.what);
}

Test(error, a_prefix_longer_than_the_message_stays_terminated)
{
    struct bl_error err;
    char text[2 * sizeof err.what];
    memset(text, 'p', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    bl_fail(&err, BL_INPUT, "below");
    cr_assert_eq(bl_fail_prefix(&err, "%s", text), BL_INPUT);
    cr_assert_eq(strlen(err.what), sizeof err.what - 1);
}

Test(error, a_path_failure_says_what_the_system_said)
{
    struct bl_error err;
    cr_assert_eq(bl_fail_path(&err, "open", "/no/where", ENOENT), BL_PATH);
    cr_assert_str_eq(err.what, "can't open /no/where: No such file or directory; check the path");
}

Test(error, a_full_disk_says_to_make_room)
{
    struct bl_error err;
    cr_assert_eq(bl_fail_path(&err, "write", "x", ENOSPC), BL_PATH);
    cr_assert(strstr(err.what, "make room"), "%s", err.what);
    cr_assert_eq(bl_fail_path(&err, "write", "x", EDQUOT), BL_PATH);
    cr_assert(strstr(err.what, "make room"), "%s", err.what);
}

Test(error, no_memory_for_a_path_is_out_of_memory)
{
    struct bl_error err;
    cr_assert_eq(bl_fail_path(&err, "read", "x", ENOMEM), BL_MEMORY);
}

#include "data/label_names.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const names[] = {"cat", "dog", "emu"}, *const others[] = {"dog", "cat"};
static struct bl_error err;

static int check(const char *const *a, int64_t n_a, const char *const *b, int64_t n_b)
{
    const struct bl_label_names left = {"A", a, n_a}, right = {"B", b, n_b};
    return bl_label_names_check(&left, &right, &err);
}

Test(label_names, equal_lists_and_longer_ones_agree)
{
    cr_assert_eq(check(names, 3, names, 3), BL_OK);
    cr_assert_eq(check(names, 2, names, 3), BL_OK);
    cr_assert_eq(check(NULL, 0, NULL, 0), BL_OK);
}

Test(label_names, another_name_under_a_number_is_refused)
{
    cr_assert_eq(check(names, 3, others, 2), BL_INPUT);
    cr_assert(strstr(err.what, "class 0 is 'cat' in A and 'dog' in B"), "%s", err.what);
}

Test(label_names, names_against_numbers_are_refused_on_either_side)
{
    cr_assert_eq(check(names, 3, NULL, 0), BL_INPUT);
    cr_assert(strstr(err.what, "the classes of A have names and those of B are numbers"), "%s", err.what);
    cr_assert_eq(check(NULL, 0, names, 3), BL_INPUT);
    cr_assert(strstr(err.what, "the classes of B have names and those of A are numbers"), "%s", err.what);
}

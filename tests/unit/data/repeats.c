#include "data/repeats.h"

#include <criterion/criterion.h>

static struct bl_error err;

static int64_t find(const char *first, const char *then, int64_t *before, int64_t *row)
{
    struct bl_repeats repeats = {0};
    cr_assert_eq(bl_repeats_add(&repeats, first, 2, 3, &err), BL_OK);
    cr_assert_eq(bl_repeats_add(&repeats, then, 2, 3, &err), BL_OK);
    const int64_t found = bl_repeats_find(&repeats, before, row);
    bl_repeats_free(&repeats);
    bl_repeats_free(&repeats);
    return found;
}

Test(repeats, the_first_row_with_an_earlier_id_is_found_and_all_are_counted)
{
    int64_t before, row;
    cr_assert_eq(find("aabbcc", "zzbbaa", &before, &row), 2);
    cr_assert_eq(row, 4);
    cr_assert_eq(before, 1);
    cr_assert_eq(find("aabbcc", "aaaaaa", &before, &row), 3);
    cr_assert_eq(row, 3);
    cr_assert_eq(before, 0);
}

Test(repeats, different_ids_are_no_repeats)
{
    int64_t before, row;
    cr_assert_eq(find("aabbcc", "ddabba", &before, &row), 0);
    struct bl_repeats none = {0};
    cr_assert_eq(bl_repeats_find(&none, &before, &row), 0);
}

#include "data/row_numbers.h"

#include <criterion/criterion.h>

static struct bl_error err;

/* The first row number among n rows of two features, which are given in two pieces. */
static int64_t find(const float *rows, int64_t n, const char *const *names)
{
    struct bl_row_numbers numbers;
    cr_assert_eq(bl_row_numbers_init(&numbers, 2, names, &err), BL_OK);
    bl_row_numbers_add(&numbers, BL_FLOAT32, rows, n / 2);
    bl_row_numbers_add(&numbers, BL_FLOAT32, rows + n / 2 * 2, n - n / 2);
    const int64_t found = bl_row_numbers_find(&numbers);
    bl_row_numbers_free(&numbers);
    bl_row_numbers_free(&numbers);
    return found;
}

/* Feature 1 counts from `first`, feature 0 doesn't. */
static void fill(float *rows, int64_t n, float first)
{
    for (int64_t i = 0; i < n; i++) {
        rows[2 * i] = (float)(i % 3);
        rows[2 * i + 1] = first + (float)i;
    }
}

Test(row_numbers, a_feature_that_counts_up_from_any_whole_number_is_found)
{
    float rows[2 * 20];
    const float firsts[] = {0, 1, 1000};
    for (int i = 0; i < 3; i++) {
        fill(rows, 20, firsts[i]);
        cr_assert_eq(find(rows, 20, NULL), 1);
        rows[2 * 19 + 1] += 1;
        cr_assert_eq(find(rows, 20, NULL), -1);
    }
    fill(rows, 20, 0.5f);
    cr_assert_eq(find(rows, 20, NULL), -1);
}

Test(row_numbers, a_few_rows_count_only_under_the_name_of_an_index)
{
    float rows[2 * 9];
    const char *const plain[] = {"a", "b"}, *const index[] = {"a", " Index"};
    fill(rows, 9, 0);
    cr_assert_eq(find(rows, 9, plain), -1);
    cr_assert_eq(find(rows, 9, index), 1);
    cr_assert_eq(find(rows, 1, index), -1);
}

Test(row_numbers, whole_numbers_under_no_name_are_found_in_any_order)
{
    float rows[] = {1, 7, 2, 3, 2, 5};
    const char *const none[] = {"a", ""}, *const unnamed[] = {"a", "Unnamed: 0"}, *const named[] = {"a", "b"};
    cr_assert_eq(find(rows, 3, none), 1);
    cr_assert_eq(find(rows, 3, unnamed), 1);
    cr_assert_eq(find(rows, 3, named), -1);
    cr_assert_eq(find(rows, 3, NULL), -1);
    rows[5] = 5.5f;
    cr_assert_eq(find(rows, 3, none), -1);
}

#include "data/label_count.h"

#include <criterion/criterion.h>
#include <string.h>

static struct bl_error err;

/* The count of n rows of packed words. */
static struct bl_label_count count_words(struct bl_label_layout layout, const uint32_t *words, int64_t n)
{
    struct bl_label_counter counter;
    cr_assert_eq(bl_label_counter_init(&counter, layout, &err), BL_OK);
    cr_assert_eq(bl_label_counter_add(&counter, words, n, &err), BL_OK);
    const struct bl_label_count count = bl_label_counter_result(&counter);
    bl_label_counter_free(&counter);
    bl_label_counter_free(&counter);
    return count;
}

static struct bl_label_count count_classes(const int32_t *classes, int64_t n)
{
    return count_words(bl_label_layout(BL_LABELS_SINGLE, 0), (const uint32_t *)classes, n);
}

static void expect_said(const struct bl_label_count *count, int64_t n_names, const char *expected)
{
    char text[BL_LABEL_TEXT];
    cr_assert_str_eq(bl_label_count_say(count, n_names, text), expected);
}

static void expect_doubt(const struct bl_label_count *count, const char *part)
{
    const char *doubt = bl_label_count_doubt(count);
    if (part)
        cr_assert(doubt && strstr(doubt, part), "%s", doubt ? doubt : "no doubt");
    else
        cr_assert_null(doubt, "%s", doubt);
}

Test(label_count, classes_that_occur_are_counted_and_rows_without_one)
{
    const struct bl_label_count count = count_classes((int32_t[]){3, 1, 6, -1, 1, 6, -1}, 7);
    cr_assert_eq(count.rows, 7);
    cr_assert_eq(count.none, 2);
    cr_assert_eq(count.distinct, 3);
    cr_assert_eq(count.lowest, 1);
    cr_assert_eq(count.highest, 6);
    cr_assert_eq(count.most, 2);
    expect_said(&count, 0, "3 classes between 1 and 6, 2 rows without one (-1)");
    expect_said(&count, 7, "3 of 7 named classes, 2 rows without one (-1)");
    expect_doubt(&count, NULL);
}

Test(label_count, the_table_grows_with_the_classes)
{
    enum { MANY = 5000 };
    static int32_t classes[2 * MANY];
    for (int32_t i = 0; i < 2 * MANY; i++)
        classes[i] = i % MANY * 400000;
    const struct bl_label_count count = count_classes(classes, 2 * MANY);
    cr_assert_eq(count.distinct, MANY);
    cr_assert_eq(count.most, 2);
    cr_assert_eq(count.highest, (MANY - 1) * 400000);
}

Test(label_count, minus_one_and_one_are_doubted)
{
    const struct bl_label_count count = count_classes((int32_t[]){-1, 1, 1, -1}, 4);
    expect_said(&count, 0, "1 class, 2 rows without one (-1)");
    expect_doubt(&count, "-1 means none");
    const struct bl_label_count groups =
        count_words(bl_group_layout(1), (uint32_t[]){(uint32_t)-1, 1, 1, (uint32_t)-1}, 4);
    expect_doubt(&groups, "-1 means none");
}

Test(label_count, one_class_and_no_class_are_doubted)
{
    const struct bl_label_count one = count_classes((int32_t[]){0, 0, 0}, 3);
    expect_said(&one, 0, "1 class");
    expect_doubt(&one, "only one class");
    const struct bl_label_count none = count_classes((int32_t[]){-1, -1}, 2);
    expect_said(&none, 0, "0 classes, 2 rows without one (-1)");
    expect_doubt(&none, "no row has a label");
}

Test(label_count, a_class_for_each_of_many_rows_is_doubted)
{
    int32_t classes[101];
    for (int32_t i = 0; i < 101; i++)
        classes[i] = i;
    const struct bl_label_count many = count_classes(classes, 101), few = count_classes(classes, 100);
    expect_doubt(&many, "are these ids");
    expect_doubt(&few, NULL);
}

Test(label_count, columns_of_a_matrix_are_counted_alike_from_words_and_bytes)
{
    const struct bl_label_layout layout = bl_label_layout(BL_LABELS_MULTI, 33);
    uint8_t matrix[3][33] = {{0}};
    uint32_t words[6];
    struct bl_label_counter counter;
    matrix[0][32] = matrix[1][32] = matrix[1][4] = 1;
    for (int i = 0; i < 3; i++)
        bl_label_pack(layout, matrix[i], words + 2 * i);
    const struct bl_label_count count = count_words(layout, words, 3);
    expect_said(&count, 0, "a matrix of 33 labels, 2 of which occur, 1 row without any");
    cr_assert_eq(bl_label_counter_init(&counter, layout, &err), BL_OK);
    cr_assert_eq(bl_label_counter_add_matrix(&counter, matrix[0], 3, &err), BL_OK);
    const struct bl_label_count same = bl_label_counter_result(&counter);
    bl_label_counter_free(&counter);
    expect_said(&same, 0, "a matrix of 33 labels, 2 of which occur, 1 row without any");
    cr_assert_eq(same.rows, count.rows);
    cr_assert_eq(same.most, count.most);
    cr_assert_eq(same.highest, count.highest);
}

Test(label_count, a_label_on_every_row_and_a_group_of_all_are_doubted)
{
    const struct bl_label_count labels =
        count_words(bl_label_layout(BL_LABELS_MULTI, 2), (uint32_t[]){1, 3, 1}, 3);
    expect_doubt(&labels, "on every row");
    const struct bl_label_count groups = count_words(bl_group_layout(1), (uint32_t[]){7, 7}, 2);
    expect_doubt(&groups, "all rows are in one group");
}

Test(label_count, groups_are_counted_with_the_most_of_a_row)
{
    const uint32_t words[] = {1, 5, 5, (uint32_t)-1, (uint32_t)-1, (uint32_t)-1};
    const struct bl_label_count count = count_words(bl_group_layout(2), words, 3);
    expect_said(&count, 0, "2 groups, up to 2 per row, 1 row in none (-1)");
}

Test(label_count, no_labels_are_no_labels)
{
    const struct bl_label_count count = count_words(bl_label_layout(BL_LABELS_NONE, 0), NULL, 5);
    expect_said(&count, 0, "no labels");
    expect_doubt(&count, NULL);
}

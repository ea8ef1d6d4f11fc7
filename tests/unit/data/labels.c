#include "data/labels.h"

#include <criterion/criterion.h>
#include <string.h>

#include "support/sizes.h"

Test(labels, a_single_label_takes_one_word)
{
    struct bl_label_layout layout = bl_label_layout(BL_LABELS_SINGLE, 10);
    cr_assert_eq(layout.words, 1);
    cr_assert_eq(layout.classes, 10);
}

Test(labels, no_labels_take_no_words)
{
    cr_assert_eq(bl_label_layout(BL_LABELS_NONE, 0).words, 0);
}

Test(labels, many_labels_take_a_bit_a_class_in_whole_words)
{
    const int64_t classes[] = {1, 31, 32, 33, 64, 65}, words[] = {1, 1, 1, 2, 2, 3};
    for (int i = 0; i < 6; i++)
        cr_assert_eq(bl_label_layout(BL_LABELS_MULTI, classes[i]).words, words[i], "%d classes",
                     (int)classes[i]);
}

Test(labels, class_c_is_bit_c_of_the_packed_row)
{
    struct bl_label_layout layout = bl_label_layout(BL_LABELS_MULTI, 70);
    for (int c = 0; c < 70; c++) {
        uint8_t row[70] = {0};
        uint32_t words[3] = {~0u, ~0u, ~0u};
        row[c] = 1;
        bl_label_pack(layout, row, words);
        for (int w = 0; w < 3; w++)
            cr_assert_eq(words[w], w == c / 32 ? 1u << (c % 32) : 0u, "class %d, word %d", c, w);
    }
}

Test(labels, the_last_class_of_a_matrix_is_found_wherever_words_end)
{
    for (int i = 0; i < SIZES_TWO; i++) {
        const int64_t classes = size_around(BL_LABELS_PER_WORD, i);
        const struct bl_label_layout layout = bl_label_layout(BL_LABELS_MULTI, classes);
        uint8_t last[2 * BL_LABELS_PER_WORD + 1] = {0}, rest[2 * BL_LABELS_PER_WORD + 1];
        uint32_t a[3], b[3];
        cr_assert(layout.words <= 3 && layout.words * BL_LABELS_PER_WORD >= classes &&
                  (layout.words - 1) * BL_LABELS_PER_WORD < classes);
        last[classes - 1] = 1;
        for (int64_t c = 0; c < classes; c++)
            rest[c] = c + 1 < classes;
        bl_label_pack(layout, last, a);
        bl_label_pack(layout, rest, b);
        cr_assert(bl_label_any(layout, a) && bl_label_relevant(layout, a, a), "%d classes", (int)classes);
        cr_assert_not(bl_label_relevant(layout, a, b), "%d classes", (int)classes);
    }
}

Test(labels, rows_of_the_same_class_are_relevant_and_others_are_not)
{
    struct bl_label_layout layout = bl_label_layout(BL_LABELS_SINGLE, 0);
    const uint32_t three = 3, also_three = 3, four = 4;
    cr_assert(bl_label_relevant(layout, &three, &also_three));
    cr_assert_not(bl_label_relevant(layout, &three, &four));
}

Test(labels, rows_without_a_label_are_relevant_to_nothing_not_even_each_other)
{
    struct bl_label_layout layout = bl_label_layout(BL_LABELS_SINGLE, 0);
    const uint32_t none = (uint32_t)BL_UNLABELLED, zero = 0;
    cr_assert_not(bl_label_relevant(layout, &none, &none));
    cr_assert_not(bl_label_relevant(layout, &none, &zero));
}

Test(labels, one_shared_class_in_any_word_makes_rows_relevant)
{
    struct bl_label_layout layout = bl_label_layout(BL_LABELS_MULTI, 40);
    const uint32_t a[2] = {1u, 1u << 5}, b[2] = {2u, 1u << 5}, c[2] = {4u, 1u << 6};
    cr_assert(bl_label_relevant(layout, a, b));
    cr_assert_not(bl_label_relevant(layout, a, c));
}

Test(labels, rows_with_no_bits_set_share_nothing)
{
    struct bl_label_layout layout = bl_label_layout(BL_LABELS_MULTI, 40);
    const uint32_t none[2] = {0, 0}, all[2] = {~0u, 0xffu};
    cr_assert_not(bl_label_relevant(layout, none, none));
    cr_assert_not(bl_label_relevant(layout, none, all));
}

Test(labels, without_labels_nothing_is_relevant)
{
    struct bl_label_layout layout = bl_label_layout(BL_LABELS_NONE, 0);
    const uint32_t word = 1;
    cr_assert_not(bl_label_relevant(layout, &word, &word));
}

static void check_packed(const int32_t *list, const int32_t *expected, int64_t words)
{
    uint32_t row[8];
    memcpy(row, list, (size_t)words * sizeof *row);
    bl_group_pack(bl_group_layout(words), row);
    cr_assert_arr_eq(row, expected, (size_t)words * sizeof *row);
}

Test(labels, groups_are_packed_in_order_each_once_with_nothing_behind)
{
    check_packed((int32_t[]){7}, (int32_t[]){7}, 1);
    check_packed((int32_t[]){-1}, (int32_t[]){-1}, 1);
    check_packed((int32_t[]){-1, 9, 3, 9, -1, 0}, (int32_t[]){0, 3, 9, -1, -1, -1}, 6);
    check_packed((int32_t[]){2147483647, 2147483646}, (int32_t[]){2147483646, 2147483647}, 2);
    check_packed((int32_t[]){5, 5, 5}, (int32_t[]){5, -1, -1}, 3);
}

Test(labels, rows_that_share_a_group_are_relevant_and_others_are_not)
{
    const struct bl_label_layout one = bl_group_layout(1), lists = bl_group_layout(3);
    const uint32_t none = (uint32_t)BL_UNLABELLED;
    const uint32_t a[] = {1, 4, 9}, b[] = {0, 9, none}, c[] = {2, 5, none}, empty[] = {none, none, none};
    cr_assert(bl_label_relevant(one, a, a));
    cr_assert_not(bl_label_relevant(one, a, b));
    cr_assert_not(bl_label_relevant(one, empty, empty));
    cr_assert(bl_label_relevant(lists, a, b));
    cr_assert(bl_label_relevant(lists, b, a));
    cr_assert_not(bl_label_relevant(lists, a, c));
    cr_assert_not(bl_label_relevant(lists, c, b));
    cr_assert_not(bl_label_relevant(lists, empty, empty));
    cr_assert(bl_label_any(lists, c));
    cr_assert_not(bl_label_any(lists, empty));
}

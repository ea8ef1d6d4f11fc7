#include "base/nearest.h"

#include <criterion/criterion.h>
#include <string.h>

Test(nearest, equal_words_have_distance_0)
{
    cr_assert_eq(bl_nearest_distance("epochs", "epochs"), 0);
    cr_assert_eq(bl_nearest_distance("", ""), 0);
}

Test(nearest, each_edit_costs_1)
{
    cr_assert_eq(bl_nearest_distance("epoch", "epochs"), 1);
    cr_assert_eq(bl_nearest_distance("eepochs", "epochs"), 1);
    cr_assert_eq(bl_nearest_distance("apochs", "epochs"), 1);
    cr_assert_eq(bl_nearest_distance("kitten", "sitting"), 3);
    cr_assert_eq(bl_nearest_distance("", "abc"), 3);
}

Test(nearest, a_swap_of_neighbours_costs_1)
{
    cr_assert_eq(bl_nearest_distance("sede", "seed"), 1);
    cr_assert_eq(bl_nearest_distance("verison", "version"), 1);
}

Test(nearest, the_distance_is_symmetric)
{
    cr_assert_eq(bl_nearest_distance("saturday", "sunday"), bl_nearest_distance("sunday", "saturday"));
}

Test(nearest, very_long_words_are_safe)
{
    char a[500], b[500];
    memset(a, 'a', sizeof a - 1);
    memset(b, 'b', sizeof b - 1);
    a[sizeof a - 1] = b[sizeof b - 1] = '\0';
    cr_assert_eq(bl_nearest_distance(a, b), 63);
}

Test(nearest, a_close_word_is_worth_a_suggestion)
{
    cr_assert(bl_nearest_better("trian", "train", NULL));
    cr_assert(bl_nearest_better("evalute", "evaluate", NULL));
}

Test(nearest, a_far_word_is_not)
{
    cr_assert_not(bl_nearest_better("qqqqqq", "train", NULL));
    cr_assert_not(bl_nearest_better("serve", "bits", NULL));
}

Test(nearest, only_a_strictly_nearer_word_replaces_the_best)
{
    cr_assert(bl_nearest_better("heads", "heads", "head"));
    cr_assert_not(bl_nearest_better("heads", "head", "heads"));
    cr_assert_not(bl_nearest_better("bats", "bits", "buts"));
}

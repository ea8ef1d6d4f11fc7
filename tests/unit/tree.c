#include "math/tree.h"

#include <criterion/criterion.h>

/* Whoever holds which run of groups: the nodes of all, one after another, make the same tree. */
static void complete(int64_t n, const int64_t *cuts, int n_cuts, struct bl_tree *whole)
{
    *whole = bl_tree_begin(0);
    for (int c = 0; c + 1 < n_cuts; c++) {
        struct bl_tree part = bl_tree_of(cuts[c], cuts[c + 1]);
        for (int i = 0; i < part.n_nodes; i++)
            bl_tree_add(whole, part.size[i]);
    }
    cr_assert_eq(whole->next, n);
}

static void expect_same(const struct bl_tree *a, const struct bl_tree *b)
{
    cr_assert_eq(a->n_nodes, b->n_nodes);
    for (int i = 0; i < a->n_nodes; i++) {
        cr_assert_eq(a->first[i], b->first[i]);
        cr_assert_eq(a->size[i], b->size[i]);
    }
}

Test(tree, any_division_among_holders_completes_to_the_same_nodes)
{
    for (int64_t n = 1; n <= 40; n++)
        for (int holders = 1; holders <= n; holders++) {
            int64_t cuts[41];
            struct bl_tree whole, alone = bl_tree_of(0, n);
            for (int r = 0; r <= holders; r++)
                cuts[r] = r * n / holders;
            complete(n, cuts, holders + 1, &whole);
            expect_same(&whole, &alone);
        }
}

Test(tree, a_power_of_two_becomes_one_node)
{
    struct bl_tree tree = bl_tree_of(0, 16);
    cr_assert_eq(tree.n_nodes, 1);
    cr_assert_eq(tree.size[0], 16);
}

Test(tree, a_right_half_waits_when_its_left_half_is_elsewhere)
{
    struct bl_tree tree = bl_tree_of(5, 10);
    cr_assert_eq(tree.n_nodes, 3);
    cr_assert_eq(tree.size[0], 1);
    cr_assert_eq(tree.first[1], 6);
    cr_assert_eq(tree.size[1], 2);
    cr_assert_eq(tree.size[2], 2);
}

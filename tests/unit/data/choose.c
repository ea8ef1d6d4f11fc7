#include "data/choose.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>

enum { TOTAL = 40, N = 7 };

Test(choose, draws_as_many_as_asked_for_in_ascending_order)
{
    int64_t chosen[N], before;
    for (uint64_t seed = 0; seed < 50; seed++) {
        cr_assert_eq(bl_choose(seed, BL_CHOOSE_ROWS, TOTAL, N, 0, TOTAL, chosen, &before), N);
        cr_assert_eq(before, 0);
        for (int i = 0; i < N; i++)
            cr_assert(chosen[i] >= 0 && chosen[i] < TOTAL && (i == 0 || chosen[i] > chosen[i - 1]));
    }
}

Test(choose, parts_make_the_whole)
{
    int64_t whole[N], part[N], before;
    bl_choose(3, BL_CHOOSE_ROWS, TOTAL, N, 0, TOTAL, whole, &before);
    for (int64_t lo = 0; lo <= TOTAL; lo++)
        for (int64_t hi = lo; hi <= TOTAL; hi++) {
            int64_t n = bl_choose(3, BL_CHOOSE_ROWS, TOTAL, N, lo, hi, part, &before);
            for (int64_t i = 0; i < n; i++)
                cr_assert_eq(part[i], whole[before + i]);
            cr_assert(before + n == N || whole[before + n] >= hi);
            cr_assert(before == 0 || whole[before - 1] < lo);
        }
}

Test(choose, all_of_them_are_all_of_them)
{
    int64_t chosen[TOTAL], before;
    cr_assert_eq(bl_choose(1, BL_CHOOSE_ROWS, TOTAL, TOTAL, 0, TOTAL, chosen, &before), TOTAL);
    for (int i = 0; i < TOTAL; i++)
        cr_assert_eq(chosen[i], i);
}

/* Over 4,000 draws each number comes N/TOTAL of the times, and pairs as independence without repetition says;
 * 5 standard deviations. */
Test(choose, is_fair)
{
    enum { DRAWS = 4000 };
    static int count[TOTAL], pair[TOTAL][TOTAL];
    const double p = (double)N / TOTAL, p2 = p * (N - 1) / (TOTAL - 1);
    int64_t chosen[N], before;
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        bl_choose(seed, BL_CHOOSE_ANCHORS, TOTAL, N, 0, TOTAL, chosen, &before);
        for (int i = 0; i < N; i++) {
            count[chosen[i]]++;
            for (int j = 0; j < i; j++)
                pair[chosen[i]][chosen[j]]++;
        }
    }
    for (int i = 0; i < TOTAL; i++) {
        cr_assert_lt(fabs(count[i] - DRAWS * p), 5 * sqrt(DRAWS * p * (1 - p)), "%d", i);
        for (int j = 0; j < i; j++)
            cr_assert_lt(fabs(pair[i][j] - DRAWS * p2), 5 * sqrt(DRAWS * p2 * (1 - p2)), "%d %d", i, j);
    }
}

Test(choose, uses_and_seeds_differ)
{
    int64_t a[N], b[N], c[N], before;
    int same_use = 1, same_seed = 1;
    bl_choose(1, BL_CHOOSE_ROWS, TOTAL, N, 0, TOTAL, a, &before);
    bl_choose(1, BL_CHOOSE_ANCHORS, TOTAL, N, 0, TOTAL, b, &before);
    bl_choose(2, BL_CHOOSE_ROWS, TOTAL, N, 0, TOTAL, c, &before);
    for (int i = 0; i < N; i++) {
        same_use &= a[i] == b[i];
        same_seed &= a[i] == c[i];
    }
    cr_assert(!same_use && !same_seed);
}

#include "fit/spherical.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { N = 500, BITS = 6, DIM = 5 };

static float rows[N * DIM], squared[N * BITS], radius[BITS];
static double pivot[BITS * DIM], work[BITS * DIM];
static int64_t overlap[BITS * BITS];

static void measure(void)
{
    for (int i = 0; i < N; i++)
        for (int k = 0; k < BITS; k++) {
            double sum = 0.0;
            for (int d = 0; d < DIM; d++)
                sum += pow((double)rows[i * DIM + d] - pivot[k * DIM + d], 2);
            squared[i * BITS + k] = (float)sum;
        }
}

/* Normal rows; pivots near each other, so that balls share far more than a quarter. */
static void enter(void)
{
    double normal[4];
    for (int i = 0; i < N * DIM; i++) {
        bl_rng_normal(1, BL_STREAM_LSH, (uint64_t)i, 0, 0, normal);
        rows[i] = (float)normal[0];
    }
    for (int i = 0; i < BITS * DIM; i++) {
        bl_rng_normal(2, BL_STREAM_LSH, (uint64_t)i, 0, 0, normal);
        pivot[i] = 0.3 * normal[0];
    }
    measure();
}

TestSuite(spherical, .init = enter);

/* In two parts, as two ranks would. */
static void find_radii(void)
{
    struct bl_spherical_search search[BITS];
    bl_spherical_search_start(BITS, search);
    for (int step = 0; step < BL_SPHERICAL_HALVINGS; step++) {
        int64_t counts[BITS] = {0};
        bl_spherical_count(100, BITS, squared, search, counts);
        bl_spherical_count(N - 100, BITS, squared + 100 * BITS, search, counts);
        bl_spherical_halve(BITS, counts, N / 2, search);
    }
    bl_spherical_radii(BITS, search, radius);
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

Test(spherical, half_of_the_sample_is_in_every_ball)
{
    find_radii();
    for (int k = 0; k < BITS; k++) {
        float column[N];
        for (int i = 0; i < N; i++)
            column[i] = squared[i * BITS + k];
        qsort(column, N, sizeof *column, compare);
        cr_assert_eq(radius[k], column[N / 2 - 1]);
    }
}

static void count_naively(int64_t expected[BITS * BITS])
{
    memset(expected, 0, BITS * BITS * sizeof *expected);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < BITS; k++)
            for (int l = 0; l < BITS; l++)
                expected[k * BITS + l] +=
                    squared[i * BITS + k] <= radius[k] && squared[i * BITS + l] <= radius[l];
}

static void find_overlaps(void)
{
    memset(overlap, 0, sizeof overlap);
    bl_spherical_overlap(100, BITS, squared, radius, overlap);
    bl_spherical_overlap(N - 100, BITS, squared + 100 * BITS, radius, overlap);
}

Test(spherical, overlaps_are_counted_with_nothing_left_out)
{
    int64_t expected[BITS * BITS];
    find_radii();
    find_overlaps();
    count_naively(expected);
    cr_assert_arr_eq(overlap, expected, sizeof expected);
}

Test(spherical, a_force_is_that_of_the_paper)
{
    double before[BITS * DIM];
    memcpy(before, pivot, sizeof before);
    find_radii();
    find_overlaps();
    bl_spherical_move(BITS, DIM, N, overlap, pivot, work);
    for (int k = 0; k < BITS; k++)
        for (int d = 0; d < DIM; d++) {
            double force = 0.0;
            for (int l = 0; l < BITS; l++)
                force += 0.5 * ((double)overlap[k * BITS + l] - N / 4.0) / (N / 4.0) *
                         (before[k * DIM + d] - before[l * DIM + d]);
            cr_assert_float_eq(pivot[k * DIM + d], before[k * DIM + d] + force / BITS, 1e-12);
        }
}

Test(spherical, balls_settle_at_a_quarter_in_common)
{
    int steps = 0;
    find_radii();
    find_overlaps();
    cr_assert(!bl_spherical_is_settled(BITS, N, overlap));
    for (; steps < 200 && !bl_spherical_is_settled(BITS, N, overlap); steps++) {
        bl_spherical_move(BITS, DIM, N, overlap, pivot, work);
        measure();
        find_radii();
        find_overlaps();
    }
    cr_assert_lt(steps, 200);
    for (int k = 0; k < BITS; k++)
        for (int l = 0; l < k; l++)
            cr_assert_lt(fabs((double)overlap[k * BITS + l] - N / 4.0), 0.4 * N / 4.0);
}

Test(spherical, one_ball_is_settled)
{
    cr_assert(bl_spherical_is_settled(1, N, overlap));
}

Test(spherical, overlaps_of_the_right_mean_but_unequal_are_not_settled)
{
    for (int i = 0; i < BITS * BITS; i++)
        overlap[i] = 125;
    cr_assert(bl_spherical_is_settled(BITS, N, overlap));
    for (int k = 0; k < BITS; k++)
        for (int l = 0; l < k; l++)
            overlap[k * BITS + l] = (k + l) % 4 ? 137 : 60; /* mean of |off| above a tenth, or spread above */
    cr_assert(!bl_spherical_is_settled(BITS, N, overlap));
    for (int i = 0; i < BITS * BITS; i++)
        overlap[i] = 140; /* equal, but all too many */
    cr_assert(!bl_spherical_is_settled(BITS, N, overlap));
}

#include "neighbours/metric.h"

#include <criterion/criterion.h>
#include <math.h>

#include "neighbours/heap.h"

enum { DIM = 19 };

static double a[DIM], b[DIM];

static void enter(void)
{
    for (int d = 0; d < DIM; d++) {
        a[d] = sin(d + 1.0);
        b[d] = cos(2.0 * d);
    }
}

TestSuite(metric, .init = enter);

static double key_of(enum bl_metric metric)
{
    return bl_metric_key(metric, DIM, a, bl_metric_square(DIM, a), b);
}

Test(metric, keys_are_their_definitions)
{
    double dot = 0, difference = 0, aa = 0, bb = 0;
    for (int d = 0; d < DIM; d++) {
        dot += a[d] * b[d];
        difference += (a[d] - b[d]) * (a[d] - b[d]);
        aa += a[d] * a[d];
        bb += b[d] * b[d];
    }
    cr_assert_float_eq(key_of(BL_METRIC_L2), difference, 1e-12);
    cr_assert_float_eq(key_of(BL_METRIC_IP), -dot, 1e-12);
    cr_assert_float_eq(key_of(BL_METRIC_COSINE), 1.0 - dot / sqrt(aa * bb), 1e-12);
    cr_assert_float_eq(bl_metric_square(DIM, a), aa, 1e-12);
    cr_assert_float_eq((double)bl_metric_distance(BL_METRIC_L2, 9.0), 3.0, 1e-6);
    cr_assert_float_eq((double)bl_metric_distance(BL_METRIC_IP, -9.0), -9.0, 1e-6);
}

Test(metric, a_row_and_its_multiples_by_two_are_at_no_angle)
{
    for (int e = -300; e <= 300; e += 100) {
        for (int d = 0; d < DIM; d++)
            b[d] = ldexp(a[d], e);
        cr_assert_float_eq(key_of(BL_METRIC_COSINE), 0.0, 1e-15, "2^%d", e);
    }
    for (int d = 0; d < DIM; d++)
        b[d] = a[d];
    cr_assert_eq(key_of(BL_METRIC_COSINE), 0.0);
    cr_assert_eq(key_of(BL_METRIC_L2), 0.0);
}

Test(metric, a_zero_row_has_a_right_angle_with_all)
{
    for (int d = 0; d < DIM; d++)
        b[d] = 0.0;
    cr_assert_eq(key_of(BL_METRIC_COSINE), 1.0);
}

Test(metric, names_go_both_ways)
{
    for (int m = 0; m < BL_METRICS; m++) {
        enum bl_metric back = BL_METRICS;
        cr_assert(bl_metric_find(bl_metric_name((enum bl_metric)m), &back));
        cr_assert_eq((int)back, m);
        cr_assert_not(bl_metric_find("manhattan", &back));
        cr_assert_eq((int)back, m);
    }
}

Test(metric, a_heap_keeps_the_nearest_in_any_order_of_adding)
{
    enum { KEPT = 7, ALL = 61 };
    for (int step = 1; step < ALL; step += 7) {
        double key[KEPT];
        int64_t row[KEPT], n = 0;
        for (int i = 0; i < ALL; i++) {
            const int r = i * step % ALL;                        /* every number once: 61 is prime */
            bl_heap_add(key, row, &n, KEPT, (double)(r / 4), r); /* four of each key */
        }
        cr_assert_eq(n, KEPT);
        bl_heap_sort(key, row, n);
        for (int i = 0; i < KEPT; i++)
            cr_assert_eq(row[i], i, "step %d", step);
    }
}

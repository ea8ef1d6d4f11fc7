#include "hash/recall.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/buffer.h"

enum { BITS = 4, ITEMS = 7, LISTED = 4 };

/* Seven items: their Hamming distances, and which of them (-1: none) is true neighbour number t. */
static const int far[ITEMS] = {0, 1, 1, 1, 2, 2, 4};
static const int neighbour[ITEMS] = {2, 0, -1, 1, -1, 3, -1};
static const float distances[LISTED] = {1.0f, 2.0f, 2.001f, 3.0f};

static bl_bucket buckets[BITS + 1];
static int32_t hamming[LISTED];

static struct bl_recall_query make(void)
{
    memset(buckets, 0, sizeof buckets);
    for (int i = 0; i < ITEMS; i++) {
        buckets[far[i]] += bl_bucket_of(1, 0);
        if (neighbour[i] >= 0)
            hamming[neighbour[i]] = far[i];
    }
    return (struct bl_recall_query){buckets, hamming, distances, LISTED};
}

/* Sums over all orders of the items that keep the distances ascending. */
static void all_orders(int *order, int at, int64_t k, int64_t counting, int64_t r, double *sum,
                       double *orders)
{
    if (at == ITEMS) {
        int64_t hits = 0;
        for (int i = 0; i < r; i++)
            hits += neighbour[order[i]] >= 0 && neighbour[order[i]] < counting;
        *sum += (double)(hits < k ? hits : k) / (double)k;
        *orders += 1.0;
        return;
    }
    for (int i = at; i < ITEMS && far[order[i]] == far[order[at]]; i++) {
        const int kept = order[at];
        order[at] = order[i];
        order[i] = kept;
        all_orders(order, at + 1, k, counting, r, sum, orders);
        order[i] = order[at];
        order[at] = kept;
    }
}

static double by_orders(int64_t k, int64_t counting, int64_t r)
{
    int order[ITEMS];
    double sum = 0.0, orders = 0.0;
    for (int i = 0; i < ITEMS; i++)
        order[i] = i;
    all_orders(order, 0, k, counting, r, &sum, &orders);
    return sum / orders;
}

Test(recall, is_the_mean_over_all_orders_of_tied_items)
{
    const struct bl_recall_query query = make();
    for (int64_t k = 1; k <= LISTED; k++)
        for (int64_t r = 1; r <= ITEMS; r++) {
            /* Place 3 is within a thousandth of place 2. */
            const int64_t counting = k == 2 ? 3 : k;
            cr_assert_float_eq(bl_recall_by_id(&query, BITS, k, r), by_orders(k, k, r), 1e-12, "%d@%d",
                               (int)k, (int)r);
            cr_assert_float_eq(bl_recall_by_distance(&query, BITS, k, r), by_orders(k, counting, r), 1e-12,
                               "%d@%d", (int)k, (int)r);
        }
    cr_assert_eq(bl_recall_by_id(&query, BITS, LISTED, 1000), 1.0, "more than there are");
}

Test(recall, the_smallest_pool_is_the_first_that_reaches_its_mean)
{
    static const struct bl_recall_at at[] = {{1, 1}, {4, 5}};
    const struct bl_recall_query query = make();
    struct bl_recall recall;
    int64_t r[BL_RECALL_CURVE_MAX];
    cr_assert_eq(bl_recall_init(&recall, BITS, 2, LISTED, ITEMS, at, 2, NULL), BL_OK);
    bl_recall_add(&recall, &query);
    bl_recall_add(&recall, &query);
    cr_assert_float_eq(recall.by_id[1] / 2.0, by_orders(4, 4, 5), 1e-12);
    for (int i = 0; i < BL_RECALL_POOLS; i++) {
        const int64_t pool = bl_recall_pool(&recall, bl_recall_targets[i]);
        cr_assert_geq(by_orders(4, 4, pool), bl_recall_targets[i]);
        cr_assert(pool == 1 || by_orders(4, 4, pool - 1) < bl_recall_targets[i]);
    }
    cr_assert_float_eq(bl_recall_of_pool(&recall, 3), by_orders(4, 4, 3), 1e-12);
    const int64_t n = bl_recall_curve(&recall, r);
    cr_assert_eq(n, 4);
    cr_assert(r[0] == 1 && r[1] == 2 && r[2] == 5 && r[3] == ITEMS);
    bl_recall_free(&recall);
    bl_recall_free(&recall);
    cr_assert_eq(bl_alloc_live(), 0);
}

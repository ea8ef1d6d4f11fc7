#include "hash/recall.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/minmax.h"

enum { POOL_K = 10 };

const double bl_recall_targets[BL_RECALL_POOLS] = {0.90, 0.95, 0.99};

/* Items nearer than a Hamming distance, and at it. */
struct place {
    int64_t nearer, same;
};

static struct place place_of(const bl_bucket *buckets, int64_t distance)
{
    struct place place = {0, bl_bucket_items(buckets[distance])};
    for (int64_t d = 0; d < distance; d++)
        place.nearer += bl_bucket_items(buckets[d]);
    return place;
}

/* The probability that one of `same` tied items behind `nearer` ones is among the first r. */
static double chance(int64_t nearer, int64_t same, int64_t r)
{
    if (r <= nearer)
        return 0.0;
    return r - nearer >= same ? 1.0 : (double)(r - nearer) / (double)same;
}

int bl_recall_init(struct bl_recall *recall, int64_t bits, int64_t queries, int64_t listed, int64_t items,
                   const struct bl_recall_at *at, int64_t n, struct bl_error *err)
{
    *recall = (struct bl_recall){.bits = bits, .listed = listed, .items = items, .n = n, .room = queries};
    recall->pool_k = bl_min(listed, POOL_K);
    memcpy(recall->at, at, (size_t)n * sizeof *at);
    return bl_alloc(&recall->places, queries * recall->pool_k, 2 * sizeof *recall->places,
                    "places of neighbours", err);
}

void bl_recall_free(struct bl_recall *recall)
{
    bl_free(&recall->places);
}

double bl_recall_by_id(const struct bl_recall_query *query, int64_t bits, int64_t k, int64_t r)
{
    double sum = 0.0;
    (void)bits;
    for (int64_t t = 0; t < k; t++) {
        const struct place place = place_of(query->buckets, query->hamming[t]);
        sum += chance(place.nearer, place.same, r);
    }
    return sum / (double)k;
}

/* How many rows of the list are within a margin of the one at place k. */
static int64_t count_within(const struct bl_recall_query *query, int64_t k, float margin)
{
    const float last = query->distance[k - 1], most = last + margin * fabsf(last);
    int64_t n = k;
    while (n < query->listed && query->distance[n] <= most)
        n++;
    return n;
}

/* The expectation of min(certain + X, k), where X of `taken` items drawn from `same`, `marked` of which count, do:
 * hypergeometric weights from the mode outwards, by the ratio of neighbours (as in hash/retrieval.c). */
static double expected_least(int64_t certain, int64_t same, int64_t marked, int64_t taken, int64_t k)
{
    const int64_t least = bl_max(0, taken - (same - marked)), most = bl_min(marked, taken);
    int64_t mode = (int64_t)(((double)taken + 1.0) * ((double)marked + 1.0) / ((double)same + 2.0));
    double mass = 0.0, sum = 0.0;
    mode = bl_max(least, bl_min(mode, most));
    for (int step = 1; step >= -1; step -= 2) {
        double weight = 1.0;
        for (int64_t x = mode; x >= least && x <= most && weight > 1e-20 * mass; x += step) {
            if (step == 1 || x != mode) { /* the mode counts once */
                mass += weight;
                sum += weight * (double)bl_min(certain + x, k);
            }
            const double up = (double)(marked - x) * (double)(taken - x);
            const double down = (double)x * (double)(same - marked - taken + x);
            weight *= step == 1 ? up / ((double)(x + 1) * (double)(same - marked - taken + x + 1))
                                : down / ((double)(marked - x + 1) * (double)(taken - x + 1));
        }
    }
    return sum / mass;
}

double bl_recall_by_distance(const struct bl_recall_query *query, int64_t bits, int64_t k, int64_t r)
{
    const int64_t n = count_within(query, k, BL_RECALL_EQUAL);
    int64_t nearer = 0, cut = 0, certain = 0, marked = 0;
    /* The distance that the cut divides, and the items before it. */
    for (; cut <= bits && nearer + bl_bucket_items(query->buckets[cut]) <= r; cut++)
        nearer += bl_bucket_items(query->buckets[cut]);
    for (int64_t t = 0; t < n; t++) {
        certain += query->hamming[t] < cut;
        marked += query->hamming[t] == cut;
    }
    if (cut > bits || marked == 0 || r <= nearer)
        return (double)bl_min(certain, k) / (double)k;
    return expected_least(certain, bl_bucket_items(query->buckets[cut]), marked, r - nearer, k) / (double)k;
}

static void add_ties(struct bl_recall *recall, const struct bl_recall_query *query)
{
    const int64_t k = recall->pool_k;
    recall->equal_rows += query->distance[0] == 0.0f;
    recall->tied += count_within(query, k, 0.0f) > k;
    recall->nearly_tied += count_within(query, k, BL_RECALL_NEAR) > k;
}

void bl_recall_add(struct bl_recall *recall, const struct bl_recall_query *query)
{
    uint32_t *places = recall->places + recall->queries * recall->pool_k * 2;
    for (int64_t i = 0; i < recall->n; i++) {
        const struct bl_recall_at at = recall->at[i];
        recall->by_id[i] += bl_recall_by_id(query, recall->bits, at.k, at.r);
        if (query->distance)
            recall->by_distance[i] += bl_recall_by_distance(query, recall->bits, at.k, at.r);
    }
    for (int64_t t = 0; t < recall->pool_k; t++) {
        const struct place place = place_of(query->buckets, query->hamming[t]);
        places[2 * t] = (uint32_t)place.nearer;
        places[2 * t + 1] = (uint32_t)place.same;
    }
    if (query->distance)
        add_ties(recall, query);
    recall->queries++;
}

double bl_recall_of_pool(const struct bl_recall *recall, int64_t r)
{
    const int64_t n = recall->queries * recall->pool_k;
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += chance(recall->places[2 * i], recall->places[2 * i + 1], r);
    return n > 0 ? sum / (double)n : 0.0;
}

/* The mean rises with r, so halving finds it. */
int64_t bl_recall_pool(const struct bl_recall *recall, double target)
{
    int64_t below = 0, enough = recall->items;
    while (enough - below > 1) {
        const int64_t middle = below + (enough - below) / 2;
        if (bl_recall_of_pool(recall, middle) >= target)
            enough = middle;
        else
            below = middle;
    }
    return enough;
}

int64_t bl_recall_curve(const struct bl_recall *recall, int64_t r[BL_RECALL_CURVE_MAX])
{
    static const int64_t steps[] = {1, 2, 5};
    int64_t n = 0;
    for (int64_t power = 1, i = 0; n < BL_RECALL_CURVE_MAX - 1 && power * steps[i] < recall->items;
         i = (i + 1) % 3) {
        r[n++] = power * steps[i];
        power *= i == 2 ? 10 : 1;
    }
    r[n++] = recall->items;
    return n;
}

/* Recall of the true nearest rows: K-recall@R is the share of the K true neighbours of a query that are among the
 * first R items by Hamming distance, in the mean over queries. Items at one distance are tied; values are exact
 * expectations over all their orders, from the number of items at each distance and the distance of each
 * neighbour: with F items nearer than neighbour t and n at its distance, it is found with probability
 * min(1, max(0, (R - F) / n)). */
#ifndef BL_HASH_RECALL_H
#define BL_HASH_RECALL_H

#include <stdint.h>

#include "base/error.h"
#include "hash/retrieval.h"

enum { BL_RECALLS_MAX = 32, BL_RECALL_POOLS = 3, BL_RECALL_CURVE_MAX = 40 };

/* The recalls whose smallest pools are reported: .90, .95, .99. */
extern const double bl_recall_targets[BL_RECALL_POOLS];

/* A neighbour of true distance d counts for the one at place K, of distance d_K, if d <= d_K + this |d_K|; and it is
 * a near tie if d <= d_K + that |d_K|. */
#define BL_RECALL_EQUAL 1e-3f
#define BL_RECALL_NEAR  1e-2f

struct bl_recall_at {
    int64_t k, r;
};

/* One query: what is known of it. */
struct bl_recall_query {
    const bl_bucket *buckets; /* [bits + 1] of which the items count */
    const int32_t *hamming;   /* [listed] Hamming distance of each true neighbour, the nearest first */
    const float *distance;    /* [listed] their true distances; NULL: unknown */
    int64_t listed;
};

/* Sums over queries, in their order. Owned: places. */
struct bl_recall {
    int64_t bits, listed, items;
    int64_t n;
    struct bl_recall_at at[BL_RECALLS_MAX];
    int64_t queries, room;
    double by_id[BL_RECALLS_MAX], by_distance[BL_RECALLS_MAX];
    /* Neighbours of the pools and of the curve: k of each query, at (items nearer, items as near). */
    int64_t pool_k;
    uint32_t *places; /* [room, pool_k, 2] */
    /* Queries with a row at distance 0; with a row behind place pool_k that is as near as the one there, or nearly;
     * the latter two only if lists are longer than pool_k. */
    int64_t equal_rows, tied, nearly_tied;
};

/* Prepares for `queries` queries with lists of `listed` true neighbours against so many items; the k of all `at`
 * [n] are at most `listed`. Pools are those of the first min(10, listed). Errors: BL_MEMORY. bl_recall_free is safe
 * twice and on zeros. */
int bl_recall_init(struct bl_recall *recall, int64_t bits, int64_t queries, int64_t listed, int64_t items,
                   const struct bl_recall_at *at, int64_t n, struct bl_error *err);
void bl_recall_free(struct bl_recall *recall);

/* Adds one query. */
void bl_recall_add(struct bl_recall *recall, const struct bl_recall_query *query);

/* The expected share of the first k neighbours among the first r items of one query. */
double bl_recall_by_id(const struct bl_recall_query *query, int64_t bits, int64_t k, int64_t r);

/* The same where a row counts by its true distance (BL_RECALL_EQUAL): the number of such rows of the list that are
 * found, at most k, over k. Copies of a row don't pay twice and don't punish. */
double bl_recall_by_distance(const struct bl_recall_query *query, int64_t bits, int64_t k, int64_t r);

/* The mean share of the first pool_k neighbours among the first r items; and the smallest r with a mean of at least
 * `target`. */
double bl_recall_of_pool(const struct bl_recall *recall, int64_t r);
int64_t bl_recall_pool(const struct bl_recall *recall, double target);

/* Sizes of pools for a curve: 1, 2, 5, 10, 20, ... below the number of items, and that. Returns how many. */
int64_t bl_recall_curve(const struct bl_recall *recall, int64_t r[BL_RECALL_CURVE_MAX]);

#endif

/* Retrieval measures: average precision, precision and recall. Items at the same Hamming distance are tied;
 * measures are the exact expectation over all their orders, computed from the number of items at each
 * distance alone. Source: McSherry and Najork, "Computing information retrieval performance measures
 * efficiently in the presence of tied scores", ECIR 2008. Formulas: docs/mathematics.md. */
#ifndef BL_HASH_RETRIEVAL_H
#define BL_HASH_RETRIEVAL_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "data/labels.h"

/* Codes with their labels; the arrays are borrowed. */
struct bl_code_set {
    int64_t rows;
    int64_t bits;
    const uint64_t *words; /* [rows, bl_code_words(bits)] */
    struct bl_label_layout label_layout;
    const uint32_t *labels; /* [rows, label_layout.words] */
    int64_t first;          /* global index of row 0, to exclude a query from its own results */
};

/* The items and the relevant items at one distance of one query. Packed into one integer, so that one
 * addition counts both and one reduction sums both over ranks. A database has at most 2^32-1 rows. */
#define BL_DATABASE_ROWS_MAX INT64_C(0xffffffff)
typedef uint64_t bl_bucket; /* items in the low 32 bits, relevant items in the high 32 */

static inline int64_t bl_bucket_items(bl_bucket bucket)
{
    return (int64_t)(bucket & 0xffffffffu);
}
static inline int64_t bl_bucket_relevant(bl_bucket bucket)
{
    return (int64_t)(bucket >> 32);
}

static inline bl_bucket bl_bucket_of(uint64_t items, uint64_t relevant)
{
    return items | relevant << 32;
}

/* BL_USAGE unless a database of so many rows can be counted in buckets. */
int bl_retrieval_check_rows(int64_t rows, struct bl_error *err);

/* How many queries have 1 MiB of buckets, and at least one: blocks of so many are counted at a time. And how
 * many rows of a database are compared with each query at a time. */
int64_t bl_retrieval_block(int64_t bits);
int64_t bl_retrieval_tile(int64_t bits, struct bl_label_layout layout);

/* buckets [n_queries, bits + 1] += the database items at each distance of queries [query_lo, query_lo +
 * n_queries). exclude_self: both sets number the same rows, and a query doesn't count itself (queries->first
 * + i == database->first + j). The buckets of disjoint parts of a database add up to those of the whole.
 * scratch: bl_retrieval_scratch_bytes() of the caller's, aligned as bl_alloc does, too many for a small stack. */
int64_t bl_retrieval_scratch_bytes(void);
void bl_retrieval_count(const struct bl_code_set *queries, int64_t query_lo, int64_t n_queries,
                        const struct bl_code_set *database, int exclude_self, bl_bucket *buckets,
                        void *scratch);

/* The same by the plainest loops: the reference for tests. */
void bl_retrieval_count_naive(const struct bl_code_set *queries, int64_t query_lo, int64_t n_queries,
                              const struct bl_code_set *database, int exclude_self, bl_bucket *buckets);

/* H_{from + n} - H_from of the harmonic numbers H_n = 1 + 1/2 + ... + 1/n; from, n >= 0. Error: a few units
 * in the last place. */
double bl_harmonic_difference(int64_t from, int64_t n);

/* Expected average precision of one query's buckets [bits + 1]; 0 if nothing is relevant. */
double bl_average_precision(const bl_bucket *buckets, int64_t bits);

/* Expected AP@R of one query, R = cut. Divided by min(R, relevant items), or by the relevant items found
 * among the first R. */
double bl_average_precision_at_min(const bl_bucket *buckets, int64_t bits, int64_t cut);
double bl_average_precision_at_found(const bl_bucket *buckets, int64_t bits, int64_t cut);

/* Expected precision among the first `cut` items, or among all if there are fewer. */
double bl_precision_at(const bl_bucket *buckets, int64_t bits, int64_t cut);

/* Precision and recall within a Hamming radius; 0 if nothing lies within it, or nothing is relevant. */
double bl_precision_radius(const bl_bucket *buckets, int64_t bits, int64_t radius);
double bl_recall_radius(const bl_bucket *buckets, int64_t bits, int64_t radius);

/* Sums over queries, in query order, so that their bits don't depend on the number of ranks. */
enum { BL_CUTS_MAX = 16 };
struct bl_retrieval {
    int64_t bits;
    int64_t n_cuts;
    int64_t cuts[BL_CUTS_MAX];     /* the R of precision@R and mAP@R */
    int64_t queries, unanswerable; /* unanswerable: queries without a relevant item */
    double sum_ap;
    double sum_ap_min[BL_CUTS_MAX], sum_ap_found[BL_CUTS_MAX], sum_precision_at[BL_CUTS_MAX];
    double sum_precision_radius[BL_CODE_BITS_MAX + 1], sum_recall_radius[BL_CODE_BITS_MAX + 1];
};

/* Zeroes the sums and copies the first BL_CUTS_MAX cuts, in the given order. */
void bl_retrieval_init(struct bl_retrieval *retrieval, int64_t bits, const int64_t *cuts, int64_t n_cuts);

/* Adds one query by its global buckets. */
void bl_retrieval_add(struct bl_retrieval *retrieval, const bl_bucket *buckets);

/* The means over all queries; map_answerable: over those with a relevant item. Arrays as in the sums. All are
 * NaN if no query has a relevant item. */
struct bl_retrieval_means {
    double map, map_answerable;
    double map_min[BL_CUTS_MAX], map_found[BL_CUTS_MAX], precision_at[BL_CUTS_MAX];
    double precision_radius[BL_CODE_BITS_MAX + 1], recall_radius[BL_CODE_BITS_MAX + 1];
};
void bl_retrieval_means(const struct bl_retrieval *retrieval, struct bl_retrieval_means *means);

#endif

/* The k nearest rows of a block of queries, exactly: as if every key (neighbours/metric.h) had been computed in
 * double and sorted, rows at equal keys by their numbers.
 *
 * Rows come in parts. Their scores are matrix products in float; a query keeps those rows whose score, with the
 * bound of its error (neighbours/bound.h), could still be among the k best. The keys of these alone are
 * computed, at the end of a part or when there are too many of them: so the result doesn't depend on the
 * product, on tiles, parts or threads, and only the time depends on how tight the bound is. */
#ifndef BL_NEIGHBOURS_NEAREST_H
#define BL_NEIGHBOURS_NEAREST_H

#include <stdint.h>

#include "base/error.h"
#include "math/product.h"
#include "neighbours/bound.h"

struct bl_nearest_shape {
    int64_t queries; /* of a block, at most */
    int64_t k;
    int64_t tile_queries, tile_rows; /* of one product; 0: chosen for speed */
    enum bl_type query_type, row_type;
};

/* Everything is owned but the borrowed frame, product and queries. */
struct bl_nearest {
    struct bl_nearest_shape shape;
    struct bl_frame frame;
    const struct bl_product *product;
    int64_t room; /* candidates of a query */

    /* The block of queries. */
    int64_t n;
    int64_t self;        /* number of the row that query 0 is; below 0: queries aren't among the rows */
    const void *queries; /* [n, dim] as stored; borrowed */
    float *floats;       /* [n, dim] */
    double *length;      /* [n] in the frame */
    double *square;      /* [n] of the query itself */

    /* Candidates: rows of the part at hand whose key isn't known, by bounds of their scores. Any row with an upper
     * bound below `least` is not among the k nearest. */
    float *lower, *upper; /* [n, room] */
    int32_t *candidate;   /* [n, room] */
    int32_t *n_candidates;
    float *least; /* [n] */

    /* The nearest rows known by their keys: a heap [n, k], the farthest first. */
    double *key;
    int64_t *row;
    int64_t *n_found;

    double longest;      /* row so far, in the frame */
    float *tile, *half;  /* [tile_rows, dim], [tile_rows] */
    double *tile_length; /* [tile_rows] */
    float *scores;       /* [threads, tile_queries, tile_rows] */
    double *scratch;     /* [threads, 2 dim] */
    float *order;        /* [threads, room] */
    int64_t computed;    /* keys computed so far, for measurements and tests */
};

/* Bytes that a query of a block takes, and those that a thread and the tile take, for choosing a block. */
int64_t bl_nearest_query_bytes(const struct bl_nearest_shape *shape, int64_t dim);
int64_t bl_nearest_fixed_bytes(const struct bl_nearest_shape *shape, int64_t dim, int threads);

/* Allocates. Errors: BL_MEMORY, with nothing left to free. bl_nearest_free is safe twice and on zeros. */
int bl_nearest_init(struct bl_nearest *nearest, const struct bl_nearest_shape *shape,
                    const struct bl_frame *frame, const struct bl_product *product, struct bl_error *err);
void bl_nearest_free(struct bl_nearest *nearest);

/* Begins a block of n queries [n, dim], borrowed until the next block. self >= 0: query i is row self + i and
 * doesn't find itself. Uses product->threads threads, as the next one does. */
void bl_nearest_begin(struct bl_nearest *nearest, const void *queries, int64_t n, int64_t self);

/* Shows all queries the n rows [n, dim] that are number `first` and the next ones; parts come in any order, each row
 * once. Allocates nothing. tick (may be NULL) is called by one thread now and then with the rows done. */
void bl_nearest_rows(struct bl_nearest *nearest, const void *rows, int64_t n, int64_t first,
                     void (*tick)(void *context, int64_t done), void *context);

/* Sets rows [k] and distances [k] of query i, the nearest first, and returns how many there are, at most k: once
 * for each query of a block. */
int64_t bl_nearest_take(struct bl_nearest *nearest, int64_t i, int64_t *rows, float *distances);

/* The definition: every key, sorted. The reference for tests. Errors: BL_MEMORY. */
int bl_nearest_naive(enum bl_metric metric, int64_t dim, enum bl_type query_type, const void *query,
                     enum bl_type row_type, const void *rows, int64_t n, int64_t self, int64_t k,
                     int64_t *found, float *distances, struct bl_error *err);

#endif

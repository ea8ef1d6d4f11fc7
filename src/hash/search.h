/* Exact nearest-neighbour search by Hamming distance: bl_search_measure for a query, then any of the others. */
#ifndef BL_HASH_SEARCH_H
#define BL_HASH_SEARCH_H

#include <stdint.h>

#include "hash/retrieval.h"

/* How far the rows of a database are from one query. Owns nothing. */
struct bl_search {
    const struct bl_code_set *database;
    uint16_t *distances;                 /* [database->rows]; room of the caller */
    int64_t count[BL_CODE_BITS_MAX + 2]; /* rows at each distance */
};

/* Measures the query [bl_code_words(database->bits)] against all rows. The rows skip [n_skip] (ascending, each once)
 * aren't there for it. Ignores labels. Cost: two passes over the database. */
void bl_search_measure(struct bl_search *search, const uint64_t *query, const int64_t *skip, int64_t n_skip);

/* How many rows are within Hamming distance `radius`. */
int64_t bl_search_within(const struct bl_search *search, int64_t radius);

/* The k nearest rows within Hamming distance `radius`, by ascending distance and then row: rows [k] (from 0 in the
 * database) and distances [k]. Returns how many were found; the elements after them are -1. Cost: a pass over the
 * database. */
int64_t bl_search_take(const struct bl_search *search, int64_t k, int64_t radius, int64_t *rows,
                       int32_t *distances);

#endif

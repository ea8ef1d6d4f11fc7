/* Exact nearest-neighbour search by Hamming distance. */
#ifndef BL_HASH_SEARCH_H
#define BL_HASH_SEARCH_H

#include <stdint.h>

#include "hash/retrieval.h"

/* The k rows of the database nearest to the query [bl_code_words(database->bits)], within Hamming distance
 * `radius`, by ascending distance and then row: rows [k] (from 0 in the database) and distances [k]. Returns
 * how many were found; the elements after them are -1. scratch [database->rows]. Ignores labels. Cost: three
 * passes over the database. */
int64_t bl_search(const struct bl_code_set *database, const uint64_t *query, int64_t k, int64_t radius,
                  uint16_t *scratch, int64_t *rows, int32_t *distances);

#endif

#include "hash/search.h"

#include <string.h>

#include "base/minmax.h"
#include "hash/code.h"

/* Where skipped rows are: beyond any distance. */
enum { NOWHERE = BL_CODE_BITS_MAX + 1 };

void bl_search_measure(struct bl_search *search, const uint64_t *query, const int64_t *skip, int64_t n_skip)
{
    const struct bl_code_set *database = search->database;
    bl_code_distances(query, database->words, database->rows, bl_code_words(database->bits),
                      search->distances);
    for (int64_t i = 0; i < n_skip; i++)
        search->distances[skip[i]] = NOWHERE;
    memset(search->count, 0, sizeof search->count);
    for (int64_t i = 0; i < database->rows; i++)
        search->count[search->distances[i]]++;
}

int64_t bl_search_within(const struct bl_search *search, int64_t radius)
{
    const int64_t reach = bl_min(radius, search->database->bits);
    int64_t n = 0;
    for (int64_t d = 0; d <= reach; d++)
        n += search->count[d];
    return n;
}

int64_t bl_search_take(const struct bl_search *search, int64_t k, int64_t radius, int64_t *rows,
                       int32_t *distances)
{
    const int64_t bits = search->database->bits, reach = bl_min(radius, bits);
    int64_t place[BL_CODE_BITS_MAX + 1];
    /* A counting sort by distance: place[d] is where the next row at distance d goes. */
    int64_t found = 0, farthest = -1;
    for (int64_t d = 0; d <= reach && found < k; d++) {
        place[d] = found;
        found += search->count[d];
        farthest = d;
    }
    found = bl_min(found, k);
    /* Rows ascend, so those at one distance do too; of the farthest distance only the first fit into k. */
    for (int64_t i = 0; i < search->database->rows; i++) {
        const int64_t d = search->distances[i];
        if (d > farthest || place[d] >= k)
            continue;
        rows[place[d]] = i;
        distances[place[d]++] = (int32_t)d;
    }
    for (int64_t i = found; i < k; i++) {
        rows[i] = -1;
        distances[i] = -1;
    }
    return found;
}

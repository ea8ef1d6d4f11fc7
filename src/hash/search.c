#include "hash/search.h"

#include "base/minmax.h"
#include "hash/code.h"

int64_t bl_search(const struct bl_code_set *database, const uint64_t *query, int64_t k, int64_t radius,
                  uint16_t *scratch, int64_t *rows, int32_t *distances)
{
    const int64_t bits = database->bits, reach = bl_min(radius, bits);
    int64_t count[BL_CODE_BITS_MAX + 1] = {0}, place[BL_CODE_BITS_MAX + 1];
    bl_code_distances(query, database->words, database->rows, bl_code_words(bits), scratch);
    for (int64_t i = 0; i < database->rows; i++)
        count[scratch[i]]++;
    /* A counting sort by distance: place[d] is where the next row at distance d goes. */
    int64_t found = 0, farthest = -1;
    for (int64_t d = 0; d <= reach && found < k; d++) {
        place[d] = found;
        found += count[d];
        farthest = d;
    }
    found = bl_min(found, k);
    /* Rows ascend, so those at one distance do too; of the farthest distance only the first fit into k. */
    for (int64_t i = 0; i < database->rows; i++) {
        const int64_t d = scratch[i];
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

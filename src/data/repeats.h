/* Ids that more than one row has. */
#ifndef BL_DATA_REPEATS_H
#define BL_DATA_REPEATS_H

#include <stdint.h>

#include "base/error.h"

/* 16 bytes a row, whatever the ids. Start from zeros; owned by the caller. free is safe twice. */
struct bl_repeats {
    struct bl_repeats_id {
        uint64_t digest;
        int64_t row;
    } * ids;
    int64_t n, room;
};
void bl_repeats_free(struct bl_repeats *repeats);

/* Adds the ids [n, bytes] of the next n rows. Errors: BL_MEMORY. */
int bl_repeats_add(struct bl_repeats *repeats, const char *ids, int64_t bytes, int64_t n,
                   struct bl_error *err);

/* How many rows have the id of a row before them; the first of these is *row, and *before has its id too.
 * Ids are compared by 64 bits of their digests. Sorts: nothing may be added afterwards. */
int64_t bl_repeats_find(struct bl_repeats *repeats, int64_t *before, int64_t *row);

#endif

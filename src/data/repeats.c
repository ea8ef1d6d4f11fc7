#include "data/repeats.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/digest.h"

void bl_repeats_free(struct bl_repeats *repeats)
{
    bl_free(&repeats->ids);
    repeats->n = repeats->room = 0;
}

int bl_repeats_add(struct bl_repeats *repeats, const char *ids, int64_t bytes, int64_t n,
                   struct bl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        int code = bl_grow(&repeats->ids, repeats->n, &repeats->room, sizeof *repeats->ids, "ids", err);
        if (code != BL_OK)
            return code;
        repeats->ids[repeats->n] = (struct bl_repeats_id){bl_digest(ids + i * bytes, bytes, 0), repeats->n};
        repeats->n++;
    }
    return BL_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct bl_repeats_id *x = a, *y = b;
    if (x->digest != y->digest)
        return x->digest < y->digest ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

int64_t bl_repeats_find(struct bl_repeats *repeats, int64_t *before, int64_t *row)
{
    int64_t found = 0;
    if (repeats->n > 0)
        qsort(repeats->ids, (size_t)repeats->n, sizeof *repeats->ids, by_id);
    for (int64_t i = 1; i < repeats->n; i++) {
        const struct bl_repeats_id *id = &repeats->ids[i];
        if (id[-1].digest != id->digest)
            continue;
        if (found++ == 0 || id->row < *row) {
            *row = id->row;
            *before = id[-1].row;
        }
    }
    return found;
}

#include "data/choose.h"

#include "base/rng.h"

int64_t bl_choose(uint64_t seed, enum bl_choose_use use, int64_t total, int64_t n, int64_t lo, int64_t hi,
                  int64_t *chosen, int64_t *before)
{
    int64_t wanted = n, found = 0;
    *before = 0;
    for (int64_t i = 0; i < hi && wanted > 0; i++) {
        const uint64_t left = (uint64_t)(total - i);
        /* Algorithm S: item i is drawn with probability wanted / left. */
        const int all = wanted == total - i;
        if (!all && bl_rng_below(seed, BL_STREAM_CHOICE, use, (uint64_t)i, 0, left) >= (uint64_t)wanted)
            continue;
        wanted--;
        if (i < lo)
            ++*before;
        else
            chosen[found++] = i;
    }
    return found;
}

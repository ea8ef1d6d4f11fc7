#include "base/digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t bl_digest(const void *bytes, int64_t n_bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, (size_t)n_bytes, seed);
}

/* struct bl_digester is never defined: it hides XXH3_state_t from those who include digest.h. */
struct bl_digester *bl_digester_create(void)
{
    return (struct bl_digester *)XXH3_createState();
}

void bl_digester_destroy(struct bl_digester *digester)
{
    XXH3_freeState((XXH3_state_t *)digester);
}

void bl_digester_begin(struct bl_digester *digester, uint64_t seed)
{
    XXH3_64bits_reset_withSeed((XXH3_state_t *)digester, seed);
}

void bl_digester_add(struct bl_digester *digester, const void *bytes, int64_t n_bytes)
{
    XXH3_64bits_update((XXH3_state_t *)digester, bytes, (size_t)n_bytes);
}

uint64_t bl_digester_end(const struct bl_digester *digester)
{
    return XXH3_64bits_digest((const XXH3_state_t *)digester);
}

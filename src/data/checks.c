#include "data/checks.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* All exponent bits set: what NaN and Inf have in common. */
static int64_t find_half(const uint16_t *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if ((values[i] & 0x7c00u) == 0x7c00u)
            return i;
    return -1;
}

static int64_t find_float(const char *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, values + i * 4, sizeof bits);
        if ((bits & 0x7f800000u) == 0x7f800000u)
            return i;
    }
    return -1;
}

static int64_t find_double(const char *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, values + i * 8, sizeof bits);
        if ((bits & 0x7ff0000000000000u) == 0x7ff0000000000000u)
            return i;
    }
    return -1;
}

int64_t bl_first_not_finite(enum bl_type type, const void *values, int64_t n)
{
    switch (type) {
    case BL_FLOAT16:
        return find_half(values, n);
    case BL_FLOAT32:
        return find_float(values, n);
    case BL_FLOAT64:
        return find_double(values, n);
    case BL_UINT8:
        break;
    }
    return -1;
}

uint64_t bl_digest(const void *bytes, int64_t n_bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, (size_t)n_bytes, seed);
}

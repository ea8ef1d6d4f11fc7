#include "data/checks.h"

#include <string.h>

#include "base/isa.h"

/* NaN and Inf have all exponent bits set. A chunk is searched to its end, without an early exit, so that the
 * loop vectorises; only a chunk that contains one is searched again, value by value. */

#define DEFINE_FIND(name, word, exponent)                                                                    \
    BL_INLINE int is_bad_##name(const char *value)                                                           \
    {                                                                                                        \
        word bits;                                                                                           \
        memcpy(&bits, value, sizeof bits);                                                                   \
        return (bits & (exponent)) == (exponent);                                                            \
    }                                                                                                        \
    BL_KERNEL static int any_##name(const char *values)                                                      \
    {                                                                                                        \
        int any = 0;                                                                                         \
        for (int i = 0; i < BL_CHECK_CHUNK; i++)                                                             \
            any |= is_bad_##name(values + i * (int)sizeof(word));                                            \
        return any;                                                                                          \
    }                                                                                                        \
    static int64_t find_##name(const char *values, int64_t n)                                                \
    {                                                                                                        \
        int64_t i = 0;                                                                                       \
        while (i + BL_CHECK_CHUNK <= n && !any_##name(values + i * (int64_t)sizeof(word)))                   \
            i += BL_CHECK_CHUNK;                                                                             \
        for (; i < n; i++)                                                                                   \
            if (is_bad_##name(values + i * (int64_t)sizeof(word)))                                           \
                return i;                                                                                    \
        return -1;                                                                                           \
    }

DEFINE_FIND(half, uint16_t, 0x7c00u)
DEFINE_FIND(float, uint32_t, 0x7f800000u)
DEFINE_FIND(double, uint64_t, 0x7ff0000000000000u)

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

/* The smaller and the larger of two sizes. */
#ifndef BL_BASE_MINMAX_H
#define BL_BASE_MINMAX_H

#include <stdint.h>

static inline int64_t bl_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t bl_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif

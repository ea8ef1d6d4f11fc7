/* Dividing n things into parts as evenly as possible. */
#ifndef BL_BASE_SHARE_H
#define BL_BASE_SHARE_H

#include <stdint.h>

/* Part number `part` of `parts` is [*lo, *hi) = [floor(n part/parts), floor(n (part + 1)/parts)). */
void bl_share(int64_t n, int64_t part, int64_t parts, int64_t *lo, int64_t *hi);

#endif

/* Things cut into parts of even size. */
#ifndef BL_BASE_SHARE_H
#define BL_BASE_SHARE_H

#include <stdint.h>

/* Part `part` of `parts` of n things is [*lo, *hi): [n part/parts, n (part + 1)/parts), rounded down. */
void bl_share(int64_t n, int64_t part, int64_t parts, int64_t *lo, int64_t *hi);

#endif

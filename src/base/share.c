#include "base/share.h"

/* floor(n part / parts) without computing n part, which may overflow: n = whole parts + rest. */
static int64_t begin(int64_t n, int64_t part, int64_t parts)
{
    const int64_t whole = n / parts, rest = n % parts;
    return whole * part + rest * part / parts;
}

void bl_share(int64_t n, int64_t part, int64_t parts, int64_t *lo, int64_t *hi)
{
    *lo = begin(n, part, parts);
    *hi = begin(n, part + 1, parts);
}

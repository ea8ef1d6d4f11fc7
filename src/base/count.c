#include "base/count.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct bl_counted bl_count(int64_t n, const char *noun)
{
    struct bl_counted counted;
    const size_t length = strlen(noun);
    const char last = length > 0 ? noun[length - 1] : '\0';
    const int kept = (int)length - (n != 1 && last == 'y');
    const char *const ending = n == 1 ? "" : last == 'y' ? "ies" : last == 's' ? "es" : "s";
    snprintf(counted.text, sizeof counted.text, "%" PRId64 " %.*s%s", n, kept, noun, ending);
    return counted;
}

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

void bl_duration(double seconds, char *text, int64_t size)
{
    const int64_t s = (int64_t)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, (size_t)size, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
    else
        snprintf(text, (size_t)size, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

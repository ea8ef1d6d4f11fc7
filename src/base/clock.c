#include "base/clock.h"

#include <time.h>

double bl_clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void bl_clock_text(char *text, size_t size)
{
    time_t now = time(NULL);
    struct tm parts;
    localtime_r(&now, &parts);
    if (strftime(text, size, "%Y-%m-%dT%H:%M:%S%z", &parts) == 0)
        text[0] = '\0';
}

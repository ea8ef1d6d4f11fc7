#include "base/quantity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bl_unit bl_units_of_rate[] = {
    {"Gb/s", 1e9 / 8.0}, {"Mb/s", 1e6 / 8.0}, {"GB/s", 1e9}, {"MB/s", 1e6}, {0}};
const struct bl_unit bl_units_of_time[] = {{"s", 1.0}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {0}};

int bl_quantity_parse(const char *text, const struct bl_unit *units, double *value)
{
    char *end;
    const double number = strtod(text, &end);
    if (end == text || !isfinite(number) || number <= 0.0)
        return 0;
    while (*end == ' ')
        end++;
    for (; units->name; units++)
        if (strcmp(end, units->name) == 0) {
            *value = number * units->factor;
            return 1;
        }
    return 0;
}

struct bl_bytes bl_bytes(int64_t n_bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct bl_bytes bytes;
    double value = (double)n_bytes / 1024.0;
    int unit = 0;
    /* 1023.96 would be printed as 1024.0. */
    for (; value >= 1023.95 && unit < 5; unit++)
        value /= 1024.0;
    if (n_bytes < 1024)
        snprintf(bytes.text, sizeof bytes.text, "%" PRId64 " %s", n_bytes, n_bytes == 1 ? "byte" : "bytes");
    else
        snprintf(bytes.text, sizeof bytes.text, "%.1f %s", value, units[unit]);
    return bytes;
}

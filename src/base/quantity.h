/* Numbers with units, as people write and read them. */
#ifndef BL_BASE_QUANTITY_H
#define BL_BASE_QUANTITY_H

#include <stdint.h>

/* A unit, and how many of the base unit it is. */
struct bl_unit {
    const char *name;
    double factor;
};

/* Units of bytes per second: "Gb/s" (10^9 bits), "Mb/s", "GB/s", "MB/s"; and of seconds: "s", "ms", "us",
 * "ns". Both tables end with a NULL name. */
extern const struct bl_unit bl_units_of_rate[];
extern const struct bl_unit bl_units_of_time[];

/* Parses "100Gb/s" or "2.5 us" into *value, in the base unit. Returns 1; or 0, with *value unchanged, if text
 * isn't a number above 0 and one of the units. */
int bl_quantity_parse(const char *text, const struct bl_unit *units, double *value);

struct bl_bytes {
    char text[32];
};

/* Bytes in the largest unit that leaves them at 1 or more: "1 byte", "512 bytes", "812.0 MiB", "2.5 EiB". Use the text
 * within the same statement: bl_log_say("%s", bl_bytes(n).text). */
struct bl_bytes bl_bytes(int64_t n_bytes);

#endif

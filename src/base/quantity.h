/* Numbers with units as people write them on a command line. */
#ifndef BL_BASE_QUANTITY_H
#define BL_BASE_QUANTITY_H

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

#endif

/* Numbers with units as people write them on a command line. */
#ifndef BL_BASE_QUANTITY_H
#define BL_BASE_QUANTITY_H

/* What a unit is in the unit that the caller counts in. */
struct bl_unit {
    const char *name;
    double factor;
};

/* Bytes a second: "Gb/s" (10^9 bits), "Mb/s", "GB/s", "MB/s". Seconds: "s", "ms", "us", "ns". They end with
 * a NULL name. */
extern const struct bl_unit bl_units_of_rate[];
extern const struct bl_unit bl_units_of_time[];

/* "100Gb/s" or "2.5 us" as a number above 0 of the caller's unit. Returns 1, or 0 and leaves *value. */
int bl_quantity_parse(const char *text, const struct bl_unit *units, double *value);

#endif

/* What all benchmarks share: ending on an error, medians, and results as lines of JSON for bench/all. */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static struct bl_error bench_error; /* of the calls that bench_must checks */

/* Prints the error and ends the program unless code is BL_OK. */
static inline void bench_must(int code)
{
    if (code == BL_OK)
        return;
    fprintf(stderr, "benchmark: %s\n", bench_error.what);
    exit(code);
}

static inline int bench_ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of values [n], which are sorted in place. */
static inline double bench_median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, bench_ascending);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

/* Appends {"name", "value", "limit", "target"} to the file named by BITLOOM_BENCH_JSON, if that is set. limit
 * says whether value should be "at most" or "at least" the target. */
static inline void bench_record(const char *name, double value, const char *limit, double target)
{
    const char *path = getenv("BITLOOM_BENCH_JSON");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file)
        return;
    fprintf(file, "{\"name\": \"%s\", \"value\": %.4g, \"limit\": \"%s\", \"target\": %.4g}\n", name, value,
            limit, target);
    fclose(file);
}

#endif

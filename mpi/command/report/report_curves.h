/* Precision-recall curves from the output of `bitloom evaluate --json`. Everything here is local. */
#ifndef PAR_COMMAND_REPORT_REPORT_CURVES_H
#define PAR_COMMAND_REPORT_REPORT_CURVES_H

#include <stdint.h>

#include "base/error.h"
#include "io/output.h"

/* The curve of one evaluation. */
struct report_curve {
    char label[200];
    char protocol[320]; /* name, seed, data, sizes, and whether the database has training rows */
    double map;
    int64_t n;                  /* radii: code bits + 1 */
    double *recall, *precision; /* [n] within each radius; owned, one block */
};

/* A growing list; start from zeros. */
struct report_curves {
    struct report_curve *curve; /* [n]; owned */
    int64_t n, room;
};

/* Adds the evaluations of a file, one JSON object on each line. Errors: BL_PATH; BL_INPUT a line that is no
 * evaluation, or an empty file; BL_MEMORY. report_curves_free is safe twice and on zeros. */
int report_curves_read(struct report_curves *curves, const char *path, struct bl_error *err);
void report_curves_free(struct report_curves *curves);

/* 1 if all have the same protocol, on data of the same name and size. */
int report_curves_agree(const struct report_curves *curves);

/* Draws them (mpi/command/report/gnuplot.h), or prints them as TSV: curve, protocol, map, radius, recall,
 * precision. / */
int report_curves_draw(const struct report_curves *curves, const char *path, enum io_replace replace,
                       struct bl_error *err);
int report_curves_print(const struct report_curves *curves, struct bl_error *err);

#endif

/* The labels of a column of text, in CSV or HDF5: whole numbers as they are, otherwise indices into a list of names. */
#ifndef BL_IO_CSV_LABELS_H
#define BL_IO_CSV_LABELS_H

#include <stdint.h>

#include "base/error.h"

enum { IO_CSV_NAMES_MAX = 65536, IO_CSV_NAME_MAX_BYTES = 255, IO_REMARK_BYTES = 400, IO_REMARKS_MAX = 8 };

/* What a person should know about how labels were taken, one sentence each. */
struct io_remarks {
    int n;
    char text[IO_REMARKS_MAX][IO_REMARK_BYTES];
};

/* A label as it stands in the column. */
struct io_csv_label {
    char *text;         /* owned */
    int64_t line, rows; /* where it first stands, and how often */
    int32_t class;      /* once settled; -1: none */
};

/* Start from zero; io_csv_labels_free is safe on a zeroed struct and twice. */
struct io_csv_labels {
    const char *const *known; /* [n_known] names that have the classes 0, 1, ... already; borrowed */
    int64_t n_known;
    struct io_csv_label *seen; /* [n] the distinct labels so far, sorted bytewise */
    int64_t n, room;
    int too_many;      /* more than IO_CSV_NAMES_MAX: only whole numbers are possible then */
    int64_t max_label; /* the highest class; -1: none */
    int64_t bad_line;  /* the first with a whole number that can't be a class; 0: none */
    char bad_text[IO_CSV_NAME_MAX_BYTES + 1];
    const char *unit;   /* what is counted from 1 in messages; NULL: lines */
    int are_names;      /* once settled */
    const char **names; /* [n_names] once settled: the names of classes 0, 1, ...; the list is owned */
    int64_t n_names;
    struct io_remarks remarks;
};

/* First pass: adds a label, which is on `line`. Errors: BL_INPUT empty or overlong, more than
 * IO_CSV_NAMES_MAX names. */
int io_csv_labels_note(struct io_csv_labels *labels, const char *text, const char *path, int64_t line,
                       struct bl_error *err);

/* Between the passes: decides whether labels are numbers or names. They are numbers if all are, but for words
 * like NA, which then mean none; names if not, or if all of them are among `known`. Among names -1 means none
 * and NA is a name. Names are the known ones and behind them the others in bytewise order. Fills remarks.
 * Errors: BL_INPUT a whole number below -1 or beyond int32. */
int io_csv_labels_settle(struct io_csv_labels *labels, const char *path, struct bl_error *err);

/* Second pass: 1 and the class, -1 for none; or 0 if the first pass didn't see the label. */
int io_csv_labels_find(const struct io_csv_labels *labels, const char *text, int32_t *label);

/* "line", or what else `line` counts. */
const char *io_csv_labels_unit(const struct io_csv_labels *labels);

void io_csv_labels_free(struct io_csv_labels *labels);

#endif

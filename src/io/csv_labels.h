/* The labels of a CSV column: whole numbers as they are, otherwise indices into their sorted names. */
#ifndef BL_IO_CSV_LABELS_H
#define BL_IO_CSV_LABELS_H

#include <stdint.h>

#include "base/error.h"

enum { IO_CSV_NAMES_MAX = 65536, IO_CSV_NAME_MAX_BYTES = 255 };

/* Start from zero; io_csv_labels_free is safe on a zeroed struct and twice. */
struct io_csv_labels {
    char **names; /* [n] the distinct labels so far, sorted bytewise; owned */
    int64_t n, room;
    int too_many;      /* more than IO_CSV_NAMES_MAX: only whole numbers are possible then */
    int any_text;      /* some label isn't a whole number: labels are indices into names */
    int64_t max_label; /* the highest class; -1: none */
    int64_t bad_line;  /* the first with a whole number that can't be a class; 0: none */
    char bad_text[IO_CSV_NAME_MAX_BYTES + 1];
};

/* First pass: adds a label, which is on `line`. Errors: BL_INPUT empty or overlong, more than
 * IO_CSV_NAMES_MAX names. */
int io_csv_labels_note(struct io_csv_labels *labels, const char *text, const char *path, int64_t line,
                       struct bl_error *err);

/* Between the passes. Errors: BL_INPUT a whole number below -1 or beyond int32. */
int io_csv_labels_settle(struct io_csv_labels *labels, const char *path, struct bl_error *err);

/* Second pass: 1 and the class, or 0 if the first pass didn't see the label. */
int io_csv_labels_find(const struct io_csv_labels *labels, const char *text, int32_t *label);

void io_csv_labels_free(struct io_csv_labels *labels);

#endif

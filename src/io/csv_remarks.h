/* What looks like one thing to a person and is another to the program, in the labels of a CSV column. */
#ifndef BL_IO_CSV_REMARKS_H
#define BL_IO_CSV_REMARKS_H

#include "io/csv_labels.h"

/* 1 if text is a whole number: digits with a sign, and .0 as spreadsheets and pandas write it. */
int io_csv_label_is_whole(const char *text);

/* 1 for the words with which other programs mark a missing value: NA, N/A, nan, null, None, ?. */
int io_csv_label_is_missing(const char *text);

/* Fills labels->remarks, once labels are settled. */
void io_csv_remarks_make(struct io_csv_labels *labels);

/* Adds a remark, if there is room. */
void io_remark(struct io_remarks *remarks, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif

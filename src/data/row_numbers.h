/* Features that are row numbers: the index that pandas writes into a CSV, which tells the class wherever rows
 * are in the order of their classes. */
#ifndef BL_DATA_ROW_NUMBERS_H
#define BL_DATA_ROW_NUMBERS_H

#include <stdint.h>

#include "base/error.h"
#include "data/types.h"

/* With fewer rows, a column that counts may do so by chance. */
enum { BL_ROW_NUMBERS_MIN = 10 };

struct bl_row_number {
    int64_t feature;
    double first; /* in row 0 */
    int counts;   /* so far each row has one more than the row before */
    int indexes;  /* its name is that of an index, and so far it has whole numbers from 0 */
};

/* Start from zeros; owned by the caller. */
struct bl_row_numbers {
    int64_t dim, rows, n;
    const char *const *names;  /* [dim] of the features, borrowed; NULL: they have none */
    struct bl_row_number *can; /* [n] features that may still be row numbers, ascending */
    double *row;               /* [dim] */
};

/* free is safe twice. Errors: BL_MEMORY. */
int bl_row_numbers_init(struct bl_row_numbers *numbers, int64_t dim, const char *const *names,
                        struct bl_error *err);
void bl_row_numbers_free(struct bl_row_numbers *numbers);

/* Looks at the next n rows [n, dim]. */
void bl_row_numbers_add(struct bl_row_numbers *numbers, enum bl_type type, const void *rows, int64_t n);

/* The first feature that is a row number: it counts up by one from a whole number over at least
 * BL_ROW_NUMBERS_MIN rows, or over two if its name is that of an index (index, id, row, ...); or it has no
 * name, or one as `Unnamed: 0`, among features with names, and nothing but whole numbers. -1: none. */
int64_t bl_row_numbers_find(const struct bl_row_numbers *numbers);

#endif

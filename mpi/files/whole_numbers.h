/* Whole numbers that a file stores as floats, as MATLAB and pandas do. */
#ifndef PAR_FILES_WHOLE_NUMBERS_H
#define PAR_FILES_WHOLE_NUMBERS_H

#include <stdint.h>

#include "base/error.h"

/* Turns values [n, width] from double to int64, in place: they hold the bits of doubles before and integers
 * afterwards; those beyond 2^53 become INT64_MAX or INT64_MIN. Local. Errors: BL_INPUT a fraction or NaN in
 * `name`, with its row; that of the first value is row_lo. */
int whole_numbers_take(int64_t *values, int64_t n, int64_t width, int64_t row_lo, const char *name,
                       const char *where, struct bl_error *err);

#endif

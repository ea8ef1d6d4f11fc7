/* Columns and values whose size hides the others: worth a warning, not an error. */
#ifndef BL_DATA_SCALES_H
#define BL_DATA_SCALES_H

#include "data/normalize.h"

/* The most rows of a sample that bl_scales_find looks at. */
enum { BL_SCALES_ROWS = 255 };

struct bl_scales {
    int64_t dim;
    int64_t ruling; /* a column with more than 99 % of the variance of all, beside others that vary; or -1 */
    int64_t far;    /* a column with a value beyond 1000 robust deviations from its median; or -1 */
    double far_value; /* that value */
};

/* Looks at the spread and its sample. The robust deviation is the median distance from the column's median,
 * of those sample rows that aren't at the median, times 1.4826, which makes it the deviation of normally
 * distributed values; so it works for columns that are mostly 0 too. Fewer than BL_SCALES_FEW such rows say
 * nothing about a column. */
struct bl_scales bl_scales_find(const struct bl_spread *spread);

enum { BL_SCALES_FEW = 8, BL_SCALES_WORDS = 2, BL_SCALES_TEXT = 300 };

/* The i-th warning, i < BL_SCALES_WORDS, about features that are normalised by `kind`; `remedy` is how the
 * command asks for standardize. Returns 0 if there is none. */
int bl_scales_text(const struct bl_scales *scales, int kind, const char *remedy, int i,
                   char text[BL_SCALES_TEXT]);

#endif

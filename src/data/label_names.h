/* Whether the classes of two sets of rows may be compared by their numbers. */
#ifndef BL_DATA_LABEL_NAMES_H
#define BL_DATA_LABEL_NAMES_H

#include <stdint.h>

#include "base/error.h"

/* The names of classes 0, 1, ... on one side, and what that is called in messages. All borrowed. */
struct bl_label_names {
    const char *where;
    const char *const *names; /* [n]; n = 0: numbers without names */
    int64_t n;
};

/* BL_OK if a number means the same class on both sides as far as names tell: either none has names, or as many
 * first names agree as both have. Else BL_INPUT, saying what to do. */
int bl_label_names_check(const struct bl_label_names *a, const struct bl_label_names *b,
                         struct bl_error *err);

#endif

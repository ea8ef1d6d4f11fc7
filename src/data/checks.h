/* Whether values are finite. */
#ifndef BL_DATA_CHECKS_H
#define BL_DATA_CHECKS_H

#include <stdint.h>

#include "data/types.h"

/* The index of the first value of n that is NaN or Inf, or -1. Searches a chunk at a time. */
enum { BL_CHECK_CHUNK = 512 };
int64_t bl_first_not_finite(enum bl_type type, const void *values, int64_t n);

#endif

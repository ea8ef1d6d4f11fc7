/* Whether data are usable, and whether they are the same as before. */
#ifndef BL_DATA_CHECKS_H
#define BL_DATA_CHECKS_H

#include <stdint.h>

#include "data/types.h"

/* The index of the first value of n that is NaN or Inf, or -1. */
int64_t bl_first_not_finite(enum bl_type type, const void *values, int64_t n);

/* XXH3-64 of n_bytes bytes, seeded. */
uint64_t bl_digest(const void *bytes, int64_t n_bytes, uint64_t seed);

#endif

/* Collapse: codes that no longer tell rows apart, and its likely cause in the objective. */
#ifndef BL_HASH_COLLAPSE_H
#define BL_HASH_COLLAPSE_H

#include "config/config.h"
#include "hash/health.h"

/* 1 if the codes have collapsed. Those of one class never have, and those of two if both share a majority code.
 * Others, also those of rows without classes, have collapsed if
 *   more than two classes share at most two majority codes;
 *   nine rows of ten or more have one of the two commonest codes; or
 *   the bits hardly vary, or are copies of one another. */
int bl_codes_have_collapsed(const struct bl_code_health *health);

/* NULL if the codes are sound; otherwise a static sentence with the likely cause and what to change. */
const char *bl_collapse_cause(const struct bl_config_objective *objective,
                              const struct bl_code_health *health);

#endif

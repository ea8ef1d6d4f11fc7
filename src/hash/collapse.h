/* Collapse: codes that no longer tell rows apart, and its likely cause in the objective. */
#ifndef BL_HASH_COLLAPSE_H
#define BL_HASH_COLLAPSE_H

#include "config/config.h"
#include "hash/health.h"

/* NULL if the codes are sound; otherwise a static sentence with the likely cause and what to change. Codes of
 * data with one or two classes count as sound. Others have collapsed if
 *   more than two classes share at most two majority codes;
 *   nine rows of ten or more have one of the two commonest codes; or
 *   the bits hardly vary, or are copies of one another. */
const char *bl_collapse_cause(const struct bl_config_objective *objective,
                              const struct bl_code_health *health);

#endif

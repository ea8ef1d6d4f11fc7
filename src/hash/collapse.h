/* Why codes stop telling rows apart, from the objective that was trained and what the codes look like. */
#ifndef BL_HASH_COLLAPSE_H
#define BL_HASH_COLLAPSE_H

#include "config/config.h"
#include "hash/health.h"

/* NULL while the codes are in use; otherwise a sentence that names the likely cause and what to change. They
 * have collapsed when more than two classes have at most two majority codes, when at least nine rows of ten
 * have one of two codes without there being just two classes, or when the bits hardly vary or are copies of
 * one another. */
const char *bl_collapse_cause(const struct bl_config_objective *objective,
                              const struct bl_code_health *health);

#endif

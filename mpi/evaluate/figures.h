/* Figures of retrieval and of codes in JSON. Everything here is local. */
#ifndef PAR_EVALUATE_FIGURES_H
#define PAR_EVALUATE_FIGURES_H

#include <jansson.h>

#include "hash/health.h"

/* The number; null if it isn't finite, as a mean over nothing. A new reference. */
json_t *figure_json(double value);

/* Adds what a set of codes shows, without classes. */
void figures_put_health(json_t *object, const struct bl_code_health *health);

#endif

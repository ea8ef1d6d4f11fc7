/* A configuration as text, and the differences that make two configurations different runs. */
#ifndef BL_CONFIG_TEXT_H
#define BL_CONFIG_TEXT_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

/* The effective configuration as YAML: every key. Reading it gives the same configuration. The caller
 * frees *text with bl_free. Errors: BL_MEMORY. */
int bl_config_text(const struct bl_config *config, char **text, struct bl_error *err);

/* Keys that differ and may not change when a run continues, as "key: old -> new, ..."; returns their number.
 * Paths don't count: what is there is compared by its fingerprint. */
int bl_config_difference(const struct bl_config *old, const struct bl_config *config, char *text,
                         int64_t size);

const char *bl_config_preset_name(const struct bl_config *config);

#endif

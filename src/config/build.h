/* From settings with their places to one checked configuration. */
#ifndef BL_CONFIG_BUILD_H
#define BL_CONFIG_BUILD_H

#include <stdint.h>

#include "config/keys.h"

/* One key that somebody set, and where: "file.yaml:12" or "--set". Borrowed. */
struct bl_setting {
    const struct bl_key *key;
    const char *text;
    const char *place;
    int is_override; /* --set, against what stands in the file */
};

/* Defaults, then the preset, then the settings in order (later ones win), then the rules between keys. `name`
 * stands for the place of what nobody set. Errors: BL_USAGE with the place;
 * config is then as it was. */
int bl_config_build(const struct bl_setting *settings, int64_t n, const char *name, struct bl_config *config,
                    struct bl_error *err);

/* Whether some preset sets the key. */
int bl_config_is_preset_key(const char *name);

#endif

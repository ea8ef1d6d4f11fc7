/* From settings with their places to one checked configuration. */
#ifndef BL_CONFIG_BUILD_H
#define BL_CONFIG_BUILD_H

#include <stdint.h>

#include "config/keys.h"

/* A key that was set, and where: "file.yaml:12" or "--set". Borrowed. */
struct bl_setting {
    const struct bl_key *key;
    const char *text;
    const char *place;
    int is_override; /* from --set, not from the file */
};

/* Defaults, then the preset, then the settings in order (later ones win), then the rules between keys. `name`
 * is the place named for keys that weren't set. Errors: BL_USAGE with the place; config is then unchanged. */
int bl_config_build(const struct bl_setting *settings, int64_t n, const char *name, struct bl_config *config,
                    struct bl_error *err);

/* Whether some preset sets the key. */
int bl_config_is_preset_key(const char *name);

#endif

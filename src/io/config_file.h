/* Configurations from YAML files, with overrides. */
#ifndef BL_IO_CONFIG_FILE_H
#define BL_IO_CONFIG_FILE_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

/* Reads the file and the overrides "key=value" (values are YAML) into config. Local. Errors: BL_PATH can't be
 * read; BL_USAGE with file and line, or --set: syntax, an unknown key (the nearest is named), a key twice, a
 * wrong type (a number in quotes is a text) or value, an anchor, alias or tag, a second document, a rule
 * between keys. After an error config is unchanged. */
int io_config_read(const char *path, const char *const *sets, int n_sets, struct bl_config *config,
                   struct bl_error *err);

/* The same from text in memory; messages call it `name`. */
int io_config_parse(const char *text, const char *name, struct bl_config *config, struct bl_error *err);

/* data.file, relative to the folder of the configuration at config_path (the current one if that is a pipe), into path [size]. BL_USAGE if it is
 * too long. */
int io_config_data_path(const char *config_path, const struct bl_config *config, char *path, int64_t size,
                        struct bl_error *err);

#endif

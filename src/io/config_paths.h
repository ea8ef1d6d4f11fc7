/* Paths in configurations, relative to the folder of the file that they stand in, for a file that will stand
 * elsewhere. */
#ifndef BL_IO_CONFIG_PATHS_H
#define BL_IO_CONFIG_PATHS_H

#include "base/error.h"
#include "config/config.h"

/* Copies config, which stands in the file at config_path, with every path absolute; those that are so already
 * stay as they are. A path's folder is resolved, its last name isn't: a link stays a link. Errors: BL_USAGE a
 * path that becomes too long. */
int io_config_absolute(const struct bl_config *config, const char *config_path, struct bl_config *copy,
                       struct bl_error *err);

/* The same for a file that will stand in `folder`, which exists: paths that were relative are relative to it,
 * so that both may be moved together. Those that have no more than / in common with it become absolute. */
int io_config_relative(const struct bl_config *config, const char *config_path, const char *folder,
                       struct bl_config *copy, struct bl_error *err);

#endif

/* What `train` and `check` share: a configuration, its overrides, and the paths that follow from it. */
#ifndef PAR_COMMAND_RUN_CONFIG_H
#define PAR_COMMAND_RUN_CONFIG_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

enum { COMMAND_SETS_MAX = 200 };

struct command_run_config {
    const char *sets[COMMAND_SETS_MAX];
    int n_sets;
    int too_many;
};

/* The `each` of --set; context is a struct command_run_config. */
void command_add_set(void *context, const char *value);

/* Reads the configuration with its overrides and resolves data.file against the configuration's folder into
 * data_path [BL_PATH_MAX]. Local. Errors: BL_USAGE, BL_PATH. */
int command_read_config(const char *path, const struct command_run_config *given, struct bl_config *config,
                        char *data_path, struct bl_error *err);

/* "runs/NAME" for ".../NAME.yaml". */
void command_run_folder_of(const char *config_path, char *folder, int64_t size);

#endif

/* The configuration of `train` and `check`: its file, the overrides by --set, and the paths derived from it.
 * Everything here is local. */
#ifndef PAR_COMMAND_RUN_CONFIG_H
#define PAR_COMMAND_RUN_CONFIG_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

enum { COMMAND_SETS_MAX = 200 };

/* The overrides "KEY=VALUE", borrowed from argv. Start from zeros. */
struct command_run_config {
    const char *sets[COMMAND_SETS_MAX];
    int n_sets;
    int too_many; /* there were more than COMMAND_SETS_MAX */
};

/* The `each` of the option --set; context is a struct command_run_config. */
void command_add_set(void *context, const char *value);

/* Reads the configuration with its overrides; data_path [BL_PATH_MAX] gets data.file, relative to the
 * configuration's folder. Errors: BL_USAGE, BL_PATH. */
int command_read_config(const char *path, const struct command_run_config *given, struct bl_config *config,
                        char *data_path, struct bl_error *err);

/* The default run folder: "runs/NAME" for ".../NAME.yaml". */
void command_run_folder_of(const char *config_path, char *folder, int64_t size);

#endif

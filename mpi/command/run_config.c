#include "mpi/command/run_config.h"

#include <stdio.h>
#include <string.h>

#include "io/config_file.h"
#include "mpi/command/run_path.h"

/* An option's callback can't fail: command_read_config reports too many. */
void command_add_set(void *context, const char *value)
{
    struct command_run_config *given = context;
    if (given->n_sets == COMMAND_SETS_MAX)
        given->too_many = 1;
    else
        given->sets[given->n_sets++] = value;
}

int command_read_config(const char *path, const struct command_run_config *given, struct bl_config *config,
                        char *data_path, struct bl_error *err)
{
    if (given->too_many)
        return bl_fail(err, BL_USAGE, "more than %d --set options; write them into a configuration",
                       COMMAND_SETS_MAX);
    int code = command_refuse_run(path, err);
    if (code == BL_OK)
        code = io_config_read(path, given->sets, given->n_sets, config, err);
    if (code == BL_OK)
        code = io_config_data_path(path, config, data_path, BL_PATH_MAX, err);
    return code;
}

void command_run_folder_of(const char *config_path, char *folder, int64_t size)
{
    const char *slash = strrchr(config_path, '/');
    const char *name = slash ? slash + 1 : config_path;
    const char *dot = strrchr(name, '.'); /* a name such as ".yaml" has no ending */
    int n = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
    snprintf(folder, (size_t)size, "runs/%.*s", n, name);
}

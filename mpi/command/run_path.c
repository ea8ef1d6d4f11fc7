#include "mpi/command/run_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* What a folder is, without the slash that a shell's completion adds; newest: "" without a checkpoint. */
struct look {
    char path[BL_PATH_MAX], newest[COMMAND_RUN_PATH_MAX];
    struct par_run_folder folder;
    int is_run;
};

static int look_at(const char *path, struct look *look, struct bl_error *err)
{
    char **paths = NULL;
    int64_t n = 0;
    struct bl_error ignored;
    memset(look, 0, sizeof *look);
    size_t bytes = strlen(path);
    while (bytes > 1 && path[bytes - 1] == '/')
        bytes--;
    snprintf(look->path, sizeof look->path, "%.*s", (int)bytes, path);
    int code = run_folder_name(&look->folder, look->path, err);
    if (code != BL_OK || !is_folder(path))
        return code;
    if (is_there(look->folder.checkpoints) &&
        par_run_folder_list_local(look->folder.checkpoints, &paths, &n, &ignored) == BL_OK && n > 0)
        snprintf(look->newest, sizeof look->newest, "%s", paths[0]);
    for (int64_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    look->is_run = look->newest[0] || is_there(look->folder.model) || is_there(look->folder.metrics);
    return BL_OK;
}

static int fail_without_model(const struct look *look, struct bl_error *err)
{
    if (!look->is_run)
        return bl_fail(err, BL_PATH,
                       "%s is a folder, and not that of a run: it has neither model.h5 nor checkpoints",
                       look->path);
    if (!look->newest[0])
        return bl_fail(err, BL_PATH,
                       "%s has no model.h5 yet; train writes it after an evaluation and at the end",
                       look->path);
    return bl_fail(err, BL_PATH,
                   "%s has no model.h5 yet, only checkpoints (the newest is %s); train writes it after an "
                   "evaluation and at the end",
                   look->path, strrchr(look->newest, '/') + 1);
}

static int find(const char *path, int takes_checkpoint, char file[COMMAND_RUN_PATH_MAX], struct bl_error *err)
{
    struct look look;
    if (!is_folder(path)) {
        if (snprintf(file, COMMAND_RUN_PATH_MAX, "%s", path) >= COMMAND_RUN_PATH_MAX)
            return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
        return BL_OK;
    }
    int code = look_at(path, &look, err);
    if (code != BL_OK)
        return code;
    const int has_model = is_there(look.folder.model);
    if (!has_model && !(takes_checkpoint && look.newest[0]))
        return fail_without_model(&look, err);
    snprintf(file, COMMAND_RUN_PATH_MAX, "%s", has_model ? look.folder.model : look.newest);
    return BL_OK;
}

int command_model_path(const char *path, char file[COMMAND_RUN_PATH_MAX], struct bl_error *err)
{
    return find(path, 0, file, err);
}

int command_file_path(const char *path, char file[COMMAND_RUN_PATH_MAX], struct bl_error *err)
{
    return find(path, 1, file, err);
}

int command_refuse_run(const char *path, struct bl_error *err)
{
    struct look look;
    if (!is_folder(path) || look_at(path, &look, err) != BL_OK || !look.is_run)
        return BL_OK;
    return bl_fail(
        err, BL_USAGE,
        "%s is a run folder, and a configuration is needed here; `bitloom train %s/config.yaml --run %s` "
        "continues the run",
        look.path, look.path, look.path);
}

int command_refuse_run_as_codes(const char *path, struct bl_error *err)
{
    struct look look;
    if (!is_folder(path) || look_at(path, &look, err) != BL_OK || !look.is_run)
        return BL_OK;
    return bl_fail(
        err, BL_USAGE,
        "%s is a run folder, and codes are needed here; `bitloom encode %s DATA --split S -o CODES` "
        "makes them",
        look.path, look.path);
}

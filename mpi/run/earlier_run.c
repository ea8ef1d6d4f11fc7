#include "mpi/run/earlier_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/text.h"
#include "io/config_file.h"

/* As metrics.c writes its lines: the event comes first. */
static int is_event(const char *line, const char *event)
{
    static const char before[] = "{\"event\":\"";
    const size_t n = strlen(event);
    return strncmp(line, before, sizeof before - 1) == 0 && strncmp(line + sizeof before - 1, event, n) == 0;
}

int earlier_run_find(const struct par_run_folder *folder, enum earlier_run *found, struct bl_error *err)
{
    char *line = NULL;
    size_t room = 0;
    *found = EARLIER_NONE;
    FILE *file = fopen(folder->metrics, "r");
    if (!file)
        return errno == ENOENT ? BL_OK : bl_fail_path(err, "read", folder->metrics, errno);
    *found = EARLIER_BEGUN;
    for (int64_t n = 0; getline(&line, &room, file) >= 0; n++) {
        if (n == 0 && !is_event(line, ""))
            *found = EARLIER_FOREIGN;
        if (*found == EARLIER_FOREIGN)
            break;
        if (is_event(line, "end\""))
            *found = EARLIER_ENDED;
        else if (*found == EARLIER_BEGUN && is_event(line, "checkpoint\""))
            *found = EARLIER_SAVED;
    }
    const int reason = ferror(file) ? errno : 0;
    free(line);
    fclose(file);
    return reason ? bl_fail_path(err, "read", folder->metrics, reason) : BL_OK;
}

static int fail_finished(const struct par_run_folder *folder, const char *what, struct bl_error *err)
{
    return bl_fail(err, BL_USAGE,
                   "%s holds %s and no checkpoint; --fresh to start over, or choose another --run",
                   folder->path, what);
}

/* The first evaluations came before the first checkpoint: the same configuration makes the same model. */
static int check_begun(const struct par_run_folder *folder, const struct bl_config *config,
                       struct bl_error *err)
{
    struct bl_config old;
    struct bl_error ignored;
    char keys[600];
    if (io_config_read(folder->config, NULL, 0, &old, &ignored) != BL_OK)
        return fail_finished(folder, "a model of another configuration", err);
    if (bl_config_difference(&old, config, keys, sizeof keys) > 0)
        return bl_fail(err, BL_USAGE,
                       "%s holds a model that was made with another configuration (%s) and no checkpoint; "
                       "--fresh to start over, or choose another --run",
                       folder->path, keys);
    return BL_OK;
}

int earlier_run_check(const struct par_run_folder *folder, const struct bl_config *config, int fresh,
                      enum earlier_run *found, struct bl_error *err)
{
    const int has_model = access(folder->model, F_OK) == 0;
    int code = earlier_run_find(folder, found, err);
    if (code != BL_OK)
        return code;
    if (*found == EARLIER_FOREIGN)
        return bl_fail(
            err, BL_USAGE,
            "%s was not written by a run of bitloom, and a run writes its own there; choose another "
            "--run",
            folder->metrics);
    if (fresh)
        return BL_OK;
    if (*found == EARLIER_ENDED)
        return fail_finished(folder, has_model ? "a finished model" : "a finished run", err);
    if (has_model && *found != EARLIER_BEGUN)
        return fail_finished(folder, *found == EARLIER_NONE ? "a finished model" : "a model", err);
    return has_model ? check_begun(folder, config, err) : BL_OK;
}

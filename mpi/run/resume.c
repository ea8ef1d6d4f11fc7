#include "mpi/run/resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/count.h"
#include "base/log.h"
#include "config/text.h"
#include "io/config_file.h"
#include "mpi/fit/arithmetic.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"
#include "mpi/run/saved_state.h"

int par_fail_all_damaged_local(const char *folder, int64_t n, struct bl_error *err)
{
    char which[100] = "its only checkpoint is";
    if (n != 1)
        snprintf(which, sizeof which, "all %s are", bl_count(n, "checkpoint").text);
    return bl_fail(err, BL_INPUT, "%s: %s damaged; restore one from a backup or start over with --fresh",
                   folder, which);
}

/* The i-th newest checkpoint's path, on all ranks; empty when there are no more. */
static int share_path(struct par par, char **paths, int64_t n, int64_t i, char *path)
{
    memset(path, 0, PAR_RUN_PATH_MAX);
    if (par.rank == 0 && i < n)
        snprintf(path, PAR_RUN_PATH_MAX, "%s", paths[i]);
    par_broadcast(par, path, PAR_RUN_PATH_MAX);
    return path[0] != '\0';
}

static int check_config(const char *path, const struct snapshot *head, const struct bl_config *config,
                        struct bl_error *err)
{
    struct bl_config old;
    const char *text = snapshot_find_text(head, "config");
    if (!text)
        return bl_fail(err, BL_INPUT, "%s: its configuration is missing; use an older checkpoint or --fresh",
                       path);
    int code = io_config_parse(text, path, &old, err);
    if (code != BL_OK)
        return code;
    char keys[600];
    if (bl_config_difference(&old, config, keys, sizeof keys) > 0)
        return bl_fail(err, BL_USAGE,
                       "%s was made with another configuration (%s); restore these keys, use another --run, "
                       "or start over with "
                       "--fresh",
                       path, keys);
    return BL_OK;
}

/* Not an error: the run goes on, but not to the same bits. */
static void compare_arithmetic(const char *path, const struct snapshot *head, char now[BL_ARITHMETIC_MAX])
{
    const char *then = snapshot_find_text(head, "arithmetic");
    const char *start = then ? strstr(then, PAR_ARITHMETIC_LAPACK) : NULL;
    if (start && !strstr(now, PAR_ARITHMETIC_LAPACK))
        strncat(now, start, BL_ARITHMETIC_MAX - 1 - strlen(now));
    if (then && strcmp(then, now) != 0)
        bl_log_warn("%s was made under (%s), now (%s): the results will agree to rounding, not in every bit",
                    path, then, now);
}

static int check_data(const char *path, const struct snapshot *head, uint64_t fingerprint,
                      struct bl_error *err)
{
    const struct snapshot_number *number = snapshot_find_number(head, "data_fingerprint");
    if (number && (uint64_t)number->integer != fingerprint)
        return bl_fail(err, BL_USAGE,
                       "%s was made from other data (fingerprint %016" PRIx64 ", now %016" PRIx64
                       "); restore the data set, use another --run, or start over with --fresh",
                       path, (uint64_t)number->integer, fingerprint);
    return BL_OK;
}

static int take(struct par_run_state *state, struct par par, const char *path, const struct bl_config *config,
                struct bl_error *err)
{
    const uint64_t fingerprint = state->fingerprint;
    struct snapshot head = {0};
    int code = par_checkpoint_open(par, path, &head, err);
    if (code != BL_OK)
        return code;
    code = par_agree(par, check_config(path, &head, config, err), err);
    if (code == BL_OK)
        code = par_agree(par, check_data(path, &head, fingerprint, err), err);
    if (code == BL_OK)
        compare_arithmetic(path, &head, state->model.arithmetic);
    if (code == BL_OK)
        code = par_saved_state_read(state, par, path, &head, err);
    snapshot_free(&head);
    return code;
}

/* The file of a later version is intact, and no older checkpoint is taken in its place. */
static int is_damaged(struct par par, const char *path, int code)
{
    int damaged = code == BL_INPUT;
    if (damaged && par.rank == 0)
        damaged = !checkpoint_is_newer(path);
    par_broadcast(par, &damaged, sizeof damaged);
    return damaged;
}

/* Damaged ones no longer count as checkpoints once an intact one is found. On rank 0 only. */
static int set_aside_local(char **paths, int64_t n, struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t i = 0; i < n && code == BL_OK; i++) {
        code = par_run_folder_set_aside_local(paths[i], err);
        if (code == BL_OK)
            bl_log_warn("%s is now %s.damaged; remove it when nobody needs it", paths[i], paths[i]);
    }
    return code;
}

int par_resume(struct par_run_state *state, struct par par, const struct par_run_folder *folder,
               const struct bl_config *config, int *found, struct bl_error *err)
{
    char **paths = NULL, path[PAR_RUN_PATH_MAX];
    int64_t n = 0, damaged = 0;
    *found = 0;
    int code = BL_OK;
    if (par.rank == 0)
        code = par_run_folder_list_local(folder->checkpoints, &paths, &n, err);
    code = par_agree(par, code, err);
    /* Rank 0 names the paths, and whether one is damaged: all ranks try the same ones in the same order. */
    while (code == BL_OK && !*found && share_path(par, paths, n, damaged, path)) {
        code = take(state, par, path, config, err);
        *found = code == BL_OK;
        if (is_damaged(par, path, code)) {
            bl_log_warn("%s; trying an older checkpoint", err->what);
            damaged++;
            code = BL_OK;
        }
    }
    if (code == BL_OK && !*found && damaged > 0)
        code = par_fail_all_damaged_local(folder->checkpoints, damaged, err);
    if (code == BL_OK)
        code = par_agree(par, par.rank == 0 ? set_aside_local(paths, damaged, err) : BL_OK, err);
    for (int64_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    return code;
}

#include "io/config_paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/keys.h"

/* The folder of a path, "." where it names none. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(folder, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    else
        snprintf(folder, PATH_MAX, ".");
}

/* A folder's path without links; of one that isn't there, what can be said. */
static void resolve(const char *folder, char resolved[PATH_MAX])
{
    char here[PATH_MAX];
    if (realpath(folder, resolved))
        return;
    if (folder[0] == '/' || !getcwd(here, sizeof here))
        snprintf(resolved, PATH_MAX, "%s", folder);
    else if (snprintf(resolved, PATH_MAX, "%s/%s", here, folder) >= PATH_MAX)
        snprintf(resolved, PATH_MAX, "%s", folder);
}

static int make_absolute(const char *config_path, const char *file, char absolute[PATH_MAX])
{
    char base[PATH_MAX], joined[2 * PATH_MAX], folder[PATH_MAX], resolved[PATH_MAX];
    const char *slash = strrchr(file, '/');
    folder_of(config_path, base);
    snprintf(joined, sizeof joined, "%s/%s", base, file);
    folder_of(joined, folder);
    resolve(folder, resolved);
    return snprintf(absolute, PATH_MAX, "%s/%s", strcmp(resolved, "/") == 0 ? "" : resolved,
                    slash ? slash + 1 : file) < PATH_MAX;
}

/* From the folder `from` to `to`, both absolute and without links. 0: only / is above both. */
static int make_relative(const char *from, const char *to, char relative[PATH_MAX])
{
    size_t same = 0, n = 0, i = 0;
    for (; from[i] && from[i] == to[i]; i++)
        if (from[i] == '/')
            same = i;
    if (from[i] == '\0' && to[i] == '/')
        same = i;
    if (same == 0)
        return 0;
    relative[0] = '\0';
    for (const char *at = from + same; *at && n + 4 < PATH_MAX; at++)
        if (*at == '/')
            n += (size_t)snprintf(relative + n, PATH_MAX - n, "../");
    return (size_t)snprintf(relative + n, PATH_MAX - n, "%s", to + same + 1) < PATH_MAX - n;
}

static int put(const struct bl_key *key, struct bl_config *copy, const char *path, struct bl_error *err)
{
    const size_t length = strlen(path);
    if (length >= BL_PATH_MAX)
        return bl_fail(err, BL_USAGE, "the path of %s is too long: %.60s...", key->name, path);
    memcpy((char *)copy + key->offset, path, length + 1);
    return BL_OK;
}

/* folder: NULL for absolute paths. */
static int rewrite(const struct bl_config *config, const char *config_path, const char *folder,
                   struct bl_config *copy, struct bl_error *err)
{
    char absolute[PATH_MAX], relative[PATH_MAX], from[PATH_MAX];
    int code = BL_OK;
    *copy = *config;
    if (folder)
        resolve(folder, from);
    for (const struct bl_key *key = bl_keys; key->name && code == BL_OK; key++) {
        const char *file = (const char *)config + key->offset;
        if (!(key->flags & BL_KEY_PATH) || file[0] == '/' || file[0] == '\0')
            continue;
        if (!make_absolute(config_path, file, absolute))
            return bl_fail(err, BL_USAGE, "the path of %s is too long", key->name);
        const int is_relative = folder && make_relative(from, absolute, relative);
        code = put(key, copy, is_relative ? relative : absolute, err);
    }
    return code;
}

int io_config_absolute(const struct bl_config *config, const char *config_path, struct bl_config *copy,
                       struct bl_error *err)
{
    return rewrite(config, config_path, NULL, copy, err);
}

int io_config_relative(const struct bl_config *config, const char *config_path, const char *folder,
                       struct bl_config *copy, struct bl_error *err)
{
    return rewrite(config, config_path, folder, copy, err);
}

#include "io/config_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "config/build.h"
#include "io/config_yaml.h"
#include "io/file.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static int read_set(struct io_settings *settings, const char *set, struct bl_error *err)
{
    char name[256], place[IO_PLACE_MAX];
    const char *equals = strchr(set, '=');
    snprintf(place, sizeof place, "--set %.200s", set);
    if (!equals || equals == set || equals - set >= (int)sizeof name)
        return bl_fail(err, BL_USAGE, "%s: write --set key=value, e.g. --set train.epochs=5", place);
    snprintf(name, sizeof name, "%.*s", (int)(equals - set), set);
    return io_settings_read_value(settings, name, equals + 1, place, err);
}

static int read_all(const char *text, int64_t n_bytes, const char *name, const char *const *sets, int n_sets,
                    struct bl_config *config, struct bl_error *err)
{
    struct io_settings settings;
    int code = io_settings_init(&settings, err);
    if (code == BL_OK)
        code = io_settings_read_file(&settings, text, n_bytes, name, err);
    for (int i = 0; i < n_sets && code == BL_OK; i++)
        code = read_set(&settings, sets[i], err);
    if (code == BL_OK)
        code = bl_config_build(settings.list, settings.n, name, config, err);
    io_settings_free(&settings);
    return code;
}

int io_config_read(const char *path, const char *const *sets, int n_sets, struct bl_config *config,
                   struct bl_error *err)
{
    char *text;
    int64_t n_bytes;
    int code = io_file_read(path, FILE_BYTES_MAX, &text, &n_bytes, err);
    if (code == BL_OK)
        code = read_all(text, n_bytes, path, sets, n_sets, config, err);
    else if (code == BL_INPUT)
        code = bl_fail(err, BL_USAGE, "%s is too large for a configuration", path);
    bl_free(&text);
    return code;
}

int io_config_parse(const char *text, const char *name, struct bl_config *config, struct bl_error *err)
{
    return read_all(text, (int64_t)strlen(text), name, NULL, 0, config, err);
}

int io_config_data_path(const char *config_path, const struct bl_config *config, char *path, int64_t size,
                        struct bl_error *err)
{
    const char *slash = strrchr(config_path, '/');
    const char *file = config->data.file;
    struct stat status; /* of a pipe, as <(...) is one, the folder says nothing */
    const int is_pipe = stat(config_path, &status) == 0 && !S_ISREG(status.st_mode);
    int folder = slash && file[0] != '/' && !is_pipe ? (int)(slash - config_path) + 1 : 0;
    if (snprintf(path, (size_t)size, "%.*s%s", folder, config_path, file) >= size)
        return bl_fail(err, BL_USAGE, "%s: the path of data.file is too long", config_path);
    return BL_OK;
}

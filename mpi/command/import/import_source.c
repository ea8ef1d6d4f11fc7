#include "mpi/command/import/import_source.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "mpi/h5/import_format.h"

const struct io_format *import_format_at(int i)
{
    int n = 0;
    while (io_format_table[n])
        n++;
    return i < n ? io_format_table[i] : i == n ? &h5_import_format : NULL;
}

void import_file_of(const char *path, char *file, int64_t size)
{
    snprintf(file, (size_t)size, "%s", path);
    for (char *colon = strrchr(file, ':'); colon && access(file, F_OK) != 0; colon = strrchr(file, ':'))
        *colon = '\0';
    if (access(file, F_OK) != 0)
        snprintf(file, (size_t)size, "%s", path);
}

static int is_hdf5(const char *path)
{
    char file[BL_PATH_MAX];
    import_file_of(path, file, sizeof file);
    const char *dot = strrchr(file, '.');
    for (int e = 0; dot && e < IO_ENDINGS_MAX && h5_import_format.endings[e]; e++)
        if (strcmp(dot, h5_import_format.endings[e]) == 0)
            return 1;
    return 0;
}

const char *import_format_of(const char *path, const char *otherwise)
{
    const char *format = io_source_format_of(path), *dot = strrchr(path, '.');
    if (format)
        return format;
    if (is_hdf5(path))
        return h5_import_format.name;
    return dot && strcmp(dot, ".gz") == 0 ? "idx" : otherwise;
}

int import_source_open(struct io_source **out, const char *format, const char *path,
                       const struct io_source_options *options, struct bl_error *err)
{
    char names[300] = "";
    *out = NULL;
    for (int i = 0; import_format_at(i); i++) {
        if (strcmp(format, import_format_at(i)->name) == 0)
            return io_source_open_as(out, import_format_at(i), path, options, err);
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
                 import_format_at(i)->name);
    }
    return bl_fail(err, BL_USAGE, "unknown format '%s'; import reads %s", format, names);
}

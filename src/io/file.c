#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "config/config.h"
#include "io/output.h"

int io_file_write(const char *path, const void *bytes, int64_t n_bytes, struct bl_error *err)
{
    struct io_output output;
    int code = io_output_look(&output, path, err);
    if (code == BL_OK)
        code = io_output_begin(&output, err);
    if (code == BL_OK)
        code = io_output_put(&output, bytes, n_bytes, err);
    if (code == BL_OK)
        code = io_output_commit(&output, err);
    io_output_drop(&output);
    return code;
}

/* A pipe has no size: reads to its end, at most max_bytes. */
static int read_pipe(FILE *file, const char *path, int64_t max_bytes, char **bytes, int64_t *n_bytes,
                     struct bl_error *err)
{
    int64_t room = 1 << 12, n = 0;
    int code = bl_alloc(bytes, room, 1, path, err);
    while (code == BL_OK && n <= max_bytes) {
        const size_t got = fread(*bytes + n, 1, (size_t)(room - n), file);
        n += (int64_t)got;
        if (n < room)
            break; /* at its end, or an error */
        code = bl_grow(bytes, n, &room, 1, path, err);
    }
    if (code == BL_OK && ferror(file))
        return bl_fail_path(err, "read", path, errno);
    if (code == BL_OK && n > max_bytes)
        return bl_fail(err, BL_INPUT, "%s is too large for a file of its kind", path);
    if (code == BL_OK)
        (*bytes)[n] = '\0';
    *n_bytes = n;
    return code;
}

int io_file_read(const char *path, int64_t max_bytes, char **bytes, int64_t *n_bytes, struct bl_error *err)
{
    *bytes = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return bl_fail_path(err, "open", path, errno);
    struct stat status;
    int code = BL_OK;
    if (fstat(fileno(file), &status) != 0)
        code = bl_fail_path(err, "read", path, errno);
    else if (S_ISDIR(status.st_mode))
        code = bl_fail_path(err, "read", path, EISDIR);
    else if (!S_ISREG(status.st_mode))
        code = read_pipe(file, path, max_bytes, bytes, n_bytes, err);
    else if (status.st_size > max_bytes)
        code = bl_fail(err, BL_INPUT, "%s is too large for a file of its kind (%lld bytes)", path,
                       (long long)status.st_size);
    else
        code = bl_alloc_zero(bytes, status.st_size + 1, 1, path, err);
    if (code == BL_OK && S_ISREG(status.st_mode)) {
        *n_bytes = (int64_t)fread(*bytes, 1, (size_t)status.st_size, file);
        if (ferror(file))
            code = bl_fail_path(err, "read", path, errno);
    }
    fclose(file);
    if (code != BL_OK)
        bl_free(bytes);
    return code;
}

int io_file_make_folder(const char *path, struct bl_error *err)
{
    char part[BL_PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return bl_fail_path(err, "make the folder", part, errno);
        *at = kept;
        if (kept == '\0')
            return BL_OK;
    }
}

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void keep_one_line(char *text)
{
    for (; *text; text++)
        if (*text == '\n' || *text == '\r')
            *text = ' ';
}

int bl_fail(struct bl_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    va_list args;
    va_start(args, format);
    err->code = code;
    vsnprintf(err->what, sizeof err->what, format, args);
    va_end(args);
    keep_one_line(err->what);
    return code;
}

int bl_fail_prefix(struct bl_error *err, const char *format, ...)
{
    char below[sizeof err->what];
    memcpy(below, err->what, sizeof below);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(err->what, sizeof err->what, format, args);
    va_end(args);
    size_t at = strlen(err->what);
    if (n > 0 && at + 3 < sizeof err->what)
        snprintf(err->what + at, sizeof err->what - at, ": %.*s", (int)(sizeof err->what - at - 3), below);
    keep_one_line(err->what);
    return err->code;
}

int bl_fail_path(struct bl_error *err, const char *verb, const char *path, int errno_value)
{
    if (errno_value == ENOMEM)
        return bl_fail(err, BL_MEMORY, "can't %s %s: out of memory", verb, path);
    const char *advice = "";
    if (errno_value == ENOSPC || errno_value == EDQUOT)
        advice = "; make room there or choose another place";
    else if (errno_value == ENOENT)
        advice = "; check the path";
    else if (errno_value == EACCES || errno_value == EPERM || errno_value == EROFS)
        advice = "; check the permissions or choose another place";
    return bl_fail(err, BL_PATH, "can't %s %s: %s%s", verb, path, strerror(errno_value), advice);
}

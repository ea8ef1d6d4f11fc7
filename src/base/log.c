#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

static struct {
    enum bl_log_level level;
    int silent;
    int terminal;
    int progress_shown;
    FILE *file;
} state = {.level = BL_LOG_NORMAL};

void bl_log_setup(enum bl_log_level level, int speaks, int terminal)
{
    state.level = level;
    state.silent = !speaks;
    state.terminal = terminal;
}

static void clear_progress(void)
{
    if (state.progress_shown)
        fputs("\r\033[K", stderr);
    state.progress_shown = 0;
}

int bl_log_open(const char *path, struct bl_error *err)
{
    bl_log_close();
    state.file = fopen(path, "a");
    if (!state.file)
        return bl_fail_path(err, "write the log", path, errno);
    return BL_OK;
}

void bl_log_close(void)
{
    clear_progress();
    if (state.file)
        fclose(state.file);
    state.file = NULL;
}

static void write_line(enum bl_log_level needs, const char *prefix, const char *format, va_list args)
{
    if (state.silent)
        return;
    char when[32], text[2000];
    bl_clock_text(when, sizeof when);
    vsnprintf(text, sizeof text, format, args);
    if (state.level >= needs) {
        clear_progress();
        fprintf(stderr, "%.8s %s%s\n", when + 11, prefix, text);
        fflush(stderr);
    }
    if (state.file) {
        fprintf(state.file, "%s %s%s\n", when, prefix, text);
        fflush(state.file);
    }
}

void bl_log_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(BL_LOG_NORMAL, "", format, args);
    va_end(args);
}

void bl_log_detail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(BL_LOG_VERBOSE, "", format, args);
    va_end(args);
}

void bl_log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(BL_LOG_QUIET, "warning: ", format, args);
    va_end(args);
}

void bl_log_failure(const struct bl_error *err)
{
    if (state.silent || !state.file)
        return;
    char when[32];
    bl_clock_text(when, sizeof when);
    fprintf(state.file, "%s error: %s\n", when, err->what);
    fflush(state.file);
}

int bl_log_progress(const char *format, ...)
{
    if (state.silent || state.level < BL_LOG_NORMAL || !state.terminal)
        return 0;
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* Without wrapping: of a line that goes on below, only the last part could be replaced. */
    fprintf(stderr, "\r\033[K\033[?7l%s\033[?7h", text);
    fflush(stderr);
    state.progress_shown = 1;
    return 1;
}

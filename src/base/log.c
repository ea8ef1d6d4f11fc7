#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"

enum { BL_LOG_PATH = 1024 };

static const char warning[] = "warning: ", error[] = "error: ";

static struct {
    enum bl_log_level level;
    int silent;
    int terminal;
    int progress_shown;
    FILE *file;
    char path[BL_LOG_PATH];
    int failed; /* it was said that the file can't be written */
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

/* The text of a line follows its time and a space. */
static int is_warning_or_error(const char *line)
{
    const char *text = strchr(line, ' ');
    return text && (strncmp(text + 1, warning, sizeof warning - 1) == 0 ||
                    strncmp(text + 1, error, sizeof error - 1) == 0);
}

/* Moves warnings and errors to the front of text and returns their length in bytes. */
static size_t keep_warnings_and_errors(char *text)
{
    size_t kept = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        const size_t n = (size_t)(end + 1 - line);
        if (!is_warning_or_error(line))
            continue;
        memmove(text + kept, line, n);
        kept += n;
    }
    return kept;
}

/* Shortens the log to keep_bytes, and writes warnings and errors from beyond back to its end. */
static int cut(FILE *file, const char *path, int64_t keep_bytes, struct bl_error *err)
{
    struct stat status;
    char *tail;
    if (fstat(fileno(file), &status) != 0 || status.st_size <= keep_bytes)
        return BL_OK;
    const size_t n = (size_t)(status.st_size - keep_bytes);
    int code = bl_alloc_zero(&tail, (int64_t)n + 1, 1, "the end of the log", err);
    if (code != BL_OK)
        return code;
    int failed = pread(fileno(file), tail, n, keep_bytes) != (ssize_t)n;
    const size_t kept = failed ? 0 : keep_warnings_and_errors(tail);
    failed = failed || ftruncate(fileno(file), keep_bytes) != 0 || fwrite(tail, 1, kept, file) != kept ||
             fflush(file) != 0;
    bl_free(&tail);
    return failed ? bl_fail_path(err, "shorten the log", path, errno) : BL_OK;
}

int bl_log_open(const char *path, int64_t keep_bytes, struct bl_error *err)
{
    bl_log_close();
    state.file = fopen(path, "a+");
    snprintf(state.path, sizeof state.path, "%s", path);
    state.failed = 0;
    if (!state.file)
        return bl_fail_path(err, "write the log", path, errno);
    return keep_bytes < 0 ? BL_OK : cut(state.file, path, keep_bytes, err);
}

int64_t bl_log_bytes(void)
{
    struct stat status;
    if (!state.file || fflush(state.file) != 0)
        return -1;
    return fstat(fileno(state.file), &status) == 0 ? status.st_size : -1;
}

/* A log that can't be written is no end of a run: said once, where it can be. */
static void say_failed(void)
{
    if (!state.failed)
        fprintf(stderr,
                "bitloom: warning: can't write %s: %s; make room: what is said until then is only here\n",
                state.path, strerror(errno));
    state.failed = 1;
}

void bl_log_sync(void)
{
    if (state.file && fsync(fileno(state.file)) != 0 && errno != EINVAL && errno != EROFS)
        say_failed();
}

void bl_log_close(void)
{
    clear_progress();
    if (state.file && fclose(state.file) != 0)
        say_failed();
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
        if (fprintf(state.file, "%s %s%s\n", when, prefix, text) < 0 || fflush(state.file) != 0)
            say_failed();
    }
}

void bl_log_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(BL_LOG_NORMAL, "", format, args);
    va_end(args);
}

void bl_log_end(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(BL_LOG_QUIET, "", format, args);
    va_end(args);
}

void bl_log_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(BL_LOG_QUIET, warning, format, args);
    va_end(args);
}

void bl_log_failure(const struct bl_error *err)
{
    if (state.silent || !state.file)
        return;
    char when[32];
    bl_clock_text(when, sizeof when);
    fprintf(state.file, "%s %s%s\n", when, error, err->what);
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
    /* ESC[?7l: no line wrapping meanwhile, since of a wrapped line only the last part could be replaced. */
    fprintf(stderr, "\r\033[K\033[?7l%s\033[?7h", text);
    fflush(stderr);
    state.progress_shown = 1;
    return 1;
}

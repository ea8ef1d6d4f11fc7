#include "support/cli.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "support/folder.h"

static char *read_all(const char *folder, const char *name)
{
    char path[CLI_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    cr_assert(file, "can't read %s", path);
    size_t n = 0, room = 4096;
    char *text = malloc(room + 1);
    for (size_t got; text && (got = fread(text + n, 1, room - n, file)) > 0;) {
        n += got;
        if (n == room)
            text = realloc(text, (room *= 2) + 1);
    }
    cr_assert(text, "out of memory");
    text[n] = '\0';
    fclose(file);
    return text;
}

/* The first error line at or after text, or NULL. */
static const char *find_error(const char *text)
{
    static const char mark[] = "bitloom: error:";
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, mark, sizeof mark - 1) == 0)
            return line;
    }
    return NULL;
}

static int count_errors(const char *text)
{
    int n = 0;
    for (const char *at = find_error(text); at; at = find_error(at + 1))
        n++;
    return n;
}

void cli_collect(struct cli_result *result, int status, double start_s, const char *folder)
{
    *result = (struct cli_result){
        .status = status,
        .out = read_all(folder, "out"),
        .err = read_all(folder, "err"),
        .seconds = bl_clock_seconds() - start_s,
    };
    result->error_lines = count_errors(result->out) + count_errors(result->err);
    folder_remove(folder);
}

static void run(struct cli_result *result, int ranks, const char *format, va_list args)
{
    char arguments[4000], command[5000], launcher[CLI_PATH_MAX + 50] = "", folder[CLI_PATH_MAX];
    int n = vsnprintf(arguments, sizeof arguments, format, args);
    cr_assert(n >= 0 && (size_t)n < sizeof arguments, "the command line is too long");
    if (ranks > 0)
        snprintf(launcher, sizeof launcher, "'%s' --shared -n %d", TEST_LAUNCHER, ranks);
    cli_temp_folder(folder);
    n = snprintf(command, sizeof command, "timeout -k 2 60 %s '%s' %s >'%s/out' 2>'%s/err' </dev/null",
                 launcher, TEST_PROGRAM, arguments, folder, folder);
    cr_assert(n >= 0 && (size_t)n < sizeof command, "the command line is too long");

    double start = bl_clock_seconds();
    int status = system(command);
    cr_assert(status != -1 && WIFEXITED(status), "can't run %s", command);
    cli_collect(result, WEXITSTATUS(status), start, folder);
}

void cli_run(struct cli_result *result, int ranks, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    run(result, ranks, format, args);
    va_end(args);
}

void cli_succeeds(int ranks, const char *format, ...)
{
    struct cli_result result;
    va_list args;
    va_start(args, format);
    run(&result, ranks, format, args);
    va_end(args);
    cli_expect_success(&result);
    cli_free(&result);
}

void cli_fails(int ranks, int status, const char *text, const char *format, ...)
{
    struct cli_result result;
    va_list args;
    va_start(args, format);
    run(&result, ranks, format, args);
    va_end(args);
    cli_expect_error(&result, status, text);
    cr_assert_lt(result.seconds, 30.0, "it took %g s to fail", result.seconds);
    cli_free(&result);
}

void cli_free(struct cli_result *result)
{
    free(result->out);
    free(result->err);
    *result = (struct cli_result){0};
}

void cli_expect_error(const struct cli_result *result, int status, const char *text)
{
    cr_assert_eq(result->status, status, "status %d instead of %d; it said: %s", result->status, status,
                 result->err);
    cr_assert_eq(result->error_lines, 1, "%d error lines instead of one: %s%s", result->error_lines,
                 result->out, result->err);
    const char *line = find_error(result->err);
    cr_assert(line, "the error line went to standard output: %s", result->out);
    const char *found = strstr(line, text);
    cr_assert(found && found < line + strcspn(line, "\n"), "'%s' is not in: %s", text, line);
}

void cli_expect_success(const struct cli_result *result)
{
    cr_assert_eq(result->status, 0, "status %d; it said: %s", result->status, result->err);
    cr_assert_eq(result->error_lines, 0, "it succeeded, but said: %s", result->err);
}

void cli_temp_folder(char path[CLI_PATH_MAX])
{
    cr_assert(folder_make(path, CLI_PATH_MAX), "can't make a temporary folder");
}

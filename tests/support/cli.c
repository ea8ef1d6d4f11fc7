#include "support/cli.h"

#include <criterion/criterion.h>
#include <pty.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

enum { COMMAND_MAX = 5000 };

/* The shell command for `bitloom ARGUMENTS`, started by `before`; `ending` redirects its output. */
static void make_command(char command[COMMAND_MAX], const char *before, int ranks, const char *ending,
                         const char *format, va_list args)
{
    char arguments[4000], launcher[CLI_PATH_MAX + 50] = "";
    int n = vsnprintf(arguments, sizeof arguments, format, args);
    cr_assert(n >= 0 && (size_t)n < sizeof arguments, "the command line is too long");
    if (ranks > 0)
        snprintf(launcher, sizeof launcher, "'%s' --shared -n %d", TEST_LAUNCHER, ranks);
    n = snprintf(command, COMMAND_MAX, "timeout -k 2 60 %s %s '%s' %s %s </dev/null", before, launcher,
                 TEST_PROGRAM, arguments, ending);
    cr_assert(n >= 0 && n < COMMAND_MAX, "the command line is too long");
}

static void run(struct cli_result *result, const char *before, int ranks, const char *format, va_list args)
{
    char command[COMMAND_MAX], folder[CLI_PATH_MAX], ending[2 * CLI_PATH_MAX + 20];
    cli_temp_folder(folder);
    snprintf(ending, sizeof ending, ">'%s/out' 2>'%s/err'", folder, folder);
    make_command(command, before, ranks, ending, format, args);

    double start = bl_clock_seconds();
    int status = system(command);
    cr_assert(status != -1 && WIFEXITED(status), "can't run %s", command);
    cli_collect(result, WEXITSTATUS(status), start, folder);
}

const char *cli_program(void)
{
    return TEST_PROGRAM;
}

static struct winsize terminal_size;

void cli_terminal_size(int columns, int rows)
{
    terminal_size = (struct winsize){.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
}

void cli_run_on_terminal(struct cli_result *result, int ranks, const char *format, ...)
{
    enum { ROOM = 1 << 20 };
    char command[COMMAND_MAX];
    va_list args;
    va_start(args, format);
    make_command(command, "", ranks, "", format, args);
    va_end(args);
    *result = (struct cli_result){.out = calloc(ROOM + 1, 1), .err = calloc(1, 1)};
    cr_assert(result->out && result->err, "out of memory");

    double start = bl_clock_seconds();
    int terminal, status;
    pid_t pid = forkpty(&terminal, NULL, NULL, terminal_size.ws_col ? &terminal_size : NULL);
    terminal_size.ws_col = 0;
    cr_assert_neq(pid, -1, "can't make a terminal");
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    /* read fails once all processes have closed the other side. */
    size_t n = 0;
    for (ssize_t got; n < ROOM && (got = read(terminal, result->out + n, ROOM - n)) > 0;)
        n += (size_t)got;
    close(terminal);
    cr_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "can't run %s", command);
    result->status = WEXITSTATUS(status);
    result->error_lines = count_errors(result->out);
    result->seconds = bl_clock_seconds() - start;
}

void cli_run(struct cli_result *result, int ranks, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    run(result, "", ranks, format, args);
    va_end(args);
}

void cli_run_under(struct cli_result *result, const char *before, int ranks, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    run(result, before, ranks, format, args);
    va_end(args);
}

void cli_succeeds(int ranks, const char *format, ...)
{
    struct cli_result result;
    va_list args;
    va_start(args, format);
    run(&result, "", ranks, format, args);
    va_end(args);
    cli_expect_success(&result);
    cli_free(&result);
}

void cli_fails(int ranks, int status, const char *text, const char *format, ...)
{
    struct cli_result result;
    va_list args;
    va_start(args, format);
    run(&result, "", ranks, format, args);
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

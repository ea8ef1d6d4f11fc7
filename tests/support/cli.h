/* Runs the program as a user would, with or without a launcher, and checks its output. */
#ifndef TEST_SUPPORT_CLI_H
#define TEST_SUPPORT_CLI_H

#include <stddef.h>

struct cli_result {
    int status;      /* exit status; 124 or 137 if it was killed after a minute */
    char *out;       /* standard output */
    char *err;       /* standard error */
    int error_lines; /* lines of both that begin with "bitloom: error:" */
    double seconds;
};

/* Runs `bitloom ARGUMENTS`: without a launcher if ranks = 0, else on that many ranks. A shell reads the
 * arguments: quote them if needed. Fails the test if the program can't be started. */
void cli_run(struct cli_result *result, int ranks, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, started by the words of `before`, like "env -i"; the launcher, too. */
void cli_run_under(struct cli_result *result, const char *before, int ranks, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with a terminal as standard output and error; everything that appears there is in out. Its size is that
 * of the last cli_terminal_size, which holds for one run. */
void cli_run_on_terminal(struct cli_result *result, int ranks, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void cli_terminal_size(int columns, int rows);

/* cli_run, then cli_expect_success or cli_expect_error, then cli_free. */
void cli_succeeds(int ranks, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_fails(int ranks, int status, const char *text, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The program's path, for what cli_run can't do. */
const char *cli_program(void);

/* Frees; safe twice and on a zeroed struct. */
void cli_free(struct cli_result *result);

/* Asserts that the run failed as documented: this status, and exactly one error line, with text in it. */
void cli_expect_error(const struct cli_result *result, int status, const char *text);

/* Asserts that the run ended with status 0 and without an error line. */
void cli_expect_success(const struct cli_result *result);

/* Reads what a run wrote to folder/out and folder/err, and removes the folder. */
void cli_collect(struct cli_result *result, int status, double start_s, const char *folder);

/* A new empty folder; remove it with folder_remove. */
enum { CLI_PATH_MAX = 256 };
void cli_temp_folder(char path[CLI_PATH_MAX]);

#endif

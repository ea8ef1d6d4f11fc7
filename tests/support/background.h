/* A run of the program in the background, to be disturbed by signals. */
#ifndef TEST_SUPPORT_BACKGROUND_H
#define TEST_SUPPORT_BACKGROUND_H

#include <sys/types.h>

#include "support/cli.h"

struct background {
    pid_t pid;
    int ranks;
    char folder[CLI_PATH_MAX];
    double start_s;
};

/* As cli_run, but doesn't wait for the end. ranks >= 1. It is killed after a minute. */
void background_start(struct background *job, int ranks, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sends the signal to one rank, or with rank -1 to all; the ranks must have started, which background_until
 * can tell. */
void background_signal(const struct background *job, int rank, int number);

/* Sends the signal to the launcher itself. */
void background_signal_launcher(const struct background *job, int number);

/* Waits up to half a minute until done(context) isn't 0; fails the test if the run ends first. */
void background_until(const struct background *job, int (*done)(const void *context), const void *context);

/* Waits for the end. */
void background_wait(struct background *job, struct cli_result *result);

#endif

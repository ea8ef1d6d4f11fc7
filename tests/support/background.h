/* A run of the program in the background, to send signals to. */
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

/* Like cli_run, but returns at once; ranks >= 1. The run is killed after a minute. */
void background_start(struct background *job, int ranks, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sends the signal to one rank, or to all with rank = -1. They must have started: see background_until. */
void background_signal(const struct background *job, int rank, int number);

/* Sends the signal to the launcher itself. */
void background_signal_launcher(const struct background *job, int number);

/* Waits until done(context) isn't 0; fails the test after half a minute, or if the run ends first. */
void background_until(const struct background *job, int (*done)(const void *context), const void *context);

/* Waits for the end of the run and collects its result. */
void background_wait(struct background *job, struct cli_result *result);

#endif

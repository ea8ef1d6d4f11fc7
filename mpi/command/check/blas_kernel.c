#include "mpi/command/check/blas_kernel.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ENVIRONMENT_MAX = 4096, OUTPUT_BYTES = 2000 };

/* Variables that an MPI launcher sets: with them the new process would try to join this job. */
static int is_of_a_launcher(const char *variable)
{
    return strncmp(variable, "OMPI_", 5) == 0 || strncmp(variable, "PMIX_", 5) == 0 ||
           strncmp(variable, "PMI_", 4) == 0 || strncmp(variable, "HYDI_", 5) == 0;
}

/* This process's environment with the variable `kernel` in it; borrows all strings. Returns 0 if it is too
 * large. */
static int environment_with(char *kernel, char *out[ENVIRONMENT_MAX])
{
    int n = 0;
    out[n++] = kernel;
    for (char **variable = environ; *variable; variable++) {
        if (n == ENVIRONMENT_MAX - 1)
            return 0;
        if (!is_of_a_launcher(*variable) && strncmp(*variable, "OPENBLAS_CORETYPE=", 18) != 0)
            out[n++] = *variable;
    }
    out[n] = NULL;
    return 1;
}

/* Runs `bitloom version --rate` in that environment and reads its output; 0 if it doesn't run. */
static int run_version(char *const environment[], char said[OUTPUT_BYTES])
{
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    char *const arguments[] = {path, (char[]){"version"}, (char[]){"--rate"}, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status = -1;
    pid_t child;
    size_t n = 0;
    if (length <= 0 || pipe(ends) != 0)
        return 0;
    path[length] = '\0';
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    const int started = posix_spawn(&child, path, &actions, NULL, arguments, environment) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && n<OUTPUT_BYTES - 1; n += got> 0 ? (size_t)got : 0)
        got = read(ends[0], said + n, OUTPUT_BYTES - 1 - n);
    close(ends[0]);
    said[n] = '\0';
    return started && waitpid(child, &status, 0) == child && status == 0;
}

double command_rate_with_kernel(const char *kernel)
{
    char variable[64], expected[64], said[OUTPUT_BYTES], *environment[ENVIRONMENT_MAX];
    snprintf(variable, sizeof variable, "OPENBLAS_CORETYPE=%s", kernel);
    snprintf(expected, sizeof expected, "OpenBLAS kernel %s, ", kernel);
    if (!environment_with(variable, environment) || !run_version(environment, said))
        return 0.0;
    /* OpenBLAS ignores the name of a kernel that it wasn't built with. */
    const char *found = strstr(said, expected);
    return found ? strtod(found + strlen(expected), NULL) : 0.0;
}

#include "support/background.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

void background_start(struct background *job, int ranks, const char *format, ...)
{
    char arguments[4000], command[5000];
    va_list args;
    va_start(args, format);
    vsnprintf(arguments, sizeof arguments, format, args);
    va_end(args);
    *job = (struct background){.ranks = ranks, .start_s = bl_clock_seconds()};
    cli_temp_folder(job->folder);
    int n = snprintf(command, sizeof command,
                     "exec timeout -k 2 60 '%s' --shared -n %d '%s' %s >'%s/out' 2>'%s/err' </dev/null",
                     TEST_LAUNCHER, ranks, TEST_PROGRAM, arguments, job->folder, job->folder);
    cr_assert(n >= 0 && (size_t)n < sizeof command, "the command line is too long");
    job->pid = fork();
    cr_assert_geq(job->pid, 0);
    if (job->pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
}

static pid_t parent_of(pid_t pid, char name[32])
{
    char path[64];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "r");
    name[0] = '\0';
    if (file && fscanf(file, "%*d (%31[^)]) %*c %d", name, &parent) != 2)
        parent = 0;
    if (file)
        fclose(file);
    return parent;
}

/* The rank that a process of this run is; -1 if it isn't one. */
static int rank_of(const struct background *job, pid_t pid)
{
    char name[32], path[64], block[65536];
    pid_t above = parent_of(pid, name);
    if (strcmp(name, "bitloom") != 0)
        return -1;
    while (above > 1 && above != job->pid)
        above = parent_of(above, name);
    if (above != job->pid)
        return -1;
    snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(block, 1, sizeof block - 1, file) : 0;
    if (file)
        fclose(file);
    block[n] = '\0';
    for (char *at = block; at < block + n; at += strlen(at) + 1) {
        if (strncmp(at, "OMPI_COMM_WORLD_RANK=", 21) == 0)
            return atoi(at + 21);
        if (strncmp(at, "PMI_RANK=", 9) == 0)
            return atoi(at + 9);
    }
    return -1;
}

void background_signal(const struct background *job, int rank, int number)
{
    DIR *dir = opendir("/proc");
    int sent = 0;
    cr_assert(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        pid_t pid = (pid_t)atol(entry->d_name);
        int found = pid > 1 ? rank_of(job, pid) : -1;
        if (found >= 0 && (rank < 0 || found == rank))
            sent += kill(pid, number) == 0;
    }
    closedir(dir);
    cr_assert_gt(sent, 0, "there is no such rank to send a signal to");
}

void background_signal_launcher(const struct background *job, int number)
{
    DIR *dir = opendir("/proc");
    int sent = 0;
    cr_assert(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char name[32];
        pid_t pid = (pid_t)atol(entry->d_name);
        if (pid > 1 && parent_of(pid, name) == job->pid)
            sent += kill(pid, number) == 0;
    }
    closedir(dir);
    cr_assert_eq(sent, 1, "there is no launcher to send a signal to");
}

void background_until(const struct background *job, int (*done)(const void *context), const void *context)
{
    const double limit = bl_clock_seconds() + 30.0;
    while (!done(context)) {
        siginfo_t info = {0};
        cr_assert_lt(bl_clock_seconds(), limit, "what is awaited doesn't happen");
        waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG | WNOWAIT);
        cr_assert_eq(info.si_pid, 0, "the run ended too early");
        nanosleep(&(struct timespec){.tv_nsec = 5 * 1000 * 1000}, NULL);
    }
}

void background_wait(struct background *job, struct cli_result *result)
{
    int status;
    cr_assert_eq(waitpid(job->pid, &status, 0), job->pid);
    cr_assert(WIFEXITED(status));
    cli_collect(result, WEXITSTATUS(status), job->start_s, job->folder);
}

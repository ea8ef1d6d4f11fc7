#include "support/background.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* The launcher writes its process id to folder/launcher and each rank to folder/RANK; exec keeps the id. */
static const char become_the_launcher[] = "sh -c 'echo $$ >\"$0/launcher\" && exec \"$@\"'";
static const char become_a_rank[] =
    "sh -c 'echo $$ >\"$0/${OMPI_COMM_WORLD_RANK-$PMI_RANK}\" && exec \"$@\"'";

void background_start(struct background *job, int ranks, const char *format, ...)
{
    char arguments[4000], command[5000];
    va_list args;
    va_start(args, format);
    vsnprintf(arguments, sizeof arguments, format, args);
    va_end(args);
    *job = (struct background){.ranks = ranks, .start_s = bl_clock_seconds()};
    cli_temp_folder(job->folder);
    int n = snprintf(
        command, sizeof command,
        "exec timeout -k 2 60 %s '%s' '%s' --shared -n %d %s '%s' '%s' %s >'%s/out' 2>'%s/err' </dev/null",
        become_the_launcher, job->folder, TEST_LAUNCHER, ranks, become_a_rank, job->folder, TEST_PROGRAM,
        arguments, job->folder, job->folder);
    cr_assert(n >= 0 && (size_t)n < sizeof command, "the command line is too long");
    job->pid = fork();
    cr_assert_geq(job->pid, 0);
    if (job->pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
}

static pid_t pid_in(const struct background *job, const char *name)
{
    char path[CLI_PATH_MAX + 16];
    long pid = 0;
    snprintf(path, sizeof path, "%s/%s", job->folder, name);
    FILE *file = fopen(path, "r");
    cr_assert(file && fscanf(file, "%ld", &pid) == 1 && pid > 1, "%s hasn't started", name);
    fclose(file);
    return (pid_t)pid;
}

static pid_t pid_of(const struct background *job, int rank)
{
    char name[16];
    snprintf(name, sizeof name, "%d", rank);
    return pid_in(job, name);
}

void background_signal(const struct background *job, int rank, int number)
{
    const int first = rank < 0 ? 0 : rank, last = rank < 0 ? job->ranks - 1 : rank;
    int sent = 0;
    for (int r = first; r <= last; r++)
        sent += kill(pid_of(job, r), number) == 0;
    cr_assert_gt(sent, 0, "there is no such rank to send a signal to");
}

void background_signal_launcher(const struct background *job, int number)
{
    cr_assert_eq(kill(pid_in(job, "launcher"), number), 0, "there is no launcher to send a signal to");
}

void background_until(const struct background *job, int (*done)(const void *context), const void *context)
{
    const double limit = bl_clock_seconds() + 30.0;
    while (!done(context)) {
        siginfo_t info = {0};
        cr_assert_lt(bl_clock_seconds(), limit, "waited 30 s in vain");
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

#include "mpi/process/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

/* The child's end of the pipe; -1 in any other process. */
static int parent = -1;

static void wait_for(pid_t child, int from_child, const char *run_path)
{
    char byte;
    int status;
    ssize_t n;
    do
        n = read(from_child, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1) {
        bl_log_end(
            "the run goes on as process %ld without this terminal; follow it with bitloom report --follow %s, "
            "stop it with kill %ld",
            (long)child, run_path, (long)child);
        _exit(BL_OK);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int detach_begin(const char *run_path, struct bl_error *err)
{
    int ends[2];
    if (pipe(ends) != 0)
        return bl_fail_path(err, "make", "a pipe", errno);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fflush(NULL); /* what is buffered would be written twice */
    const pid_t child = fork();
    if (child < 0)
        return bl_fail_path(err, "start", "a process", errno);
    close(ends[child > 0]);
    if (child > 0)
        wait_for(child, ends[0], run_path);
    parent = ends[1];
    return BL_OK;
}

void detach_done(void)
{
    if (parent < 0)
        return;
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int stream = 0; stream < 3 && null >= 0; stream++)
        dup2(null, stream);
    if (null >= 3)
        close(null);
    setsid(); /* no longer of the terminal's group: its signals don't reach this process */
    const ssize_t said = write(parent, "", 1);
    (void)said; /* a parent that was killed needs no answer */
    close(parent);
    parent = -1;
}

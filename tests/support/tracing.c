#include "support/tracing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_BYTES = 1024 };

static struct {
    int fd; /* 0: there is no trace */
    char folder[PATH_BYTES];
} trace;

const char *tracing_rank(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    rank = rank ? rank : getenv("PMI_RANK");
    return rank ? rank : "0";
}

static void __attribute__((constructor)) begin(void)
{
    const char *path = getenv("BITLOOM_TEST_TRACE");
    const char *slash = path ? strrchr(path, '/') : NULL;
    const int fd = slash ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd > 0) {
        trace.fd = fd;
        snprintf(trace.folder, sizeof trace.folder, "%.*s", (int)(slash - path), path);
    }
}

static void note(const char *call, const char *path, long long offset, long long bytes)
{
    char line[2 * PATH_BYTES];
    if (strncmp(path, trace.folder, strlen(trace.folder)) != 0)
        return;
    const int n = snprintf(line, sizeof line, "%s %c %s %lld %lld %s\n", tracing_rank(),
                           gettid() == getpid() ? 'M' : 'T', call, offset, bytes, path);
    /* One call for a line, and not the write that is traced: lines of all ranks stay whole. */
    if (n > 0 && (size_t)n < sizeof line && syscall(SYS_write, trace.fd, line, (size_t)n) != n)
        _exit(99);
}

void tracing_note(const char *call, int fd, long long offset, long long bytes)
{
    char link[40], path[PATH_BYTES];
    if (trace.fd == 0)
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    note(call, path, offset, bytes);
}

void tracing_note_path(const char *call, const char *path)
{
    if (trace.fd > 0)
        note(call, path, 0, 0);
}

long long tracing_bytes(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 ? (long long)status.st_size : -1;
}

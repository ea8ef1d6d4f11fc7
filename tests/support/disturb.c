/* Preloaded into the program, it disturbs what happens to the temporary files of checkpoints:
 *
 *   BITLOOM_TEST_DISTURB="CALL ACTION NUMBER RANK"
 *
 * CALL: `write`, `sync`, `check`, `rename`, `named` (just after it) or `remove` by a thread beside the main
 * one; `make` is a write by the main thread, through HDF5. ACTION: `kill`, `full` (ENOSPC) or `flip` (another
 * byte than was asked for) at the NUMBER-th such call of the process; or `sleep`, NUMBER ms at each. RANK: -1
 * for all. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static struct {
    char call[16], action[16];
    int number;
    atomic_int seen;
} disturb;

static void __attribute__((constructor)) begin(void)
{
    int rank;
    const char *text = getenv("BITLOOM_TEST_DISTURB"), *own = getenv("OMPI_COMM_WORLD_RANK");
    own = own ? own : getenv("PMI_RANK");
    if (!text || sscanf(text, "%15s %15s %d %d", disturb.call, disturb.action, &disturb.number, &rank) != 4 ||
        (rank >= 0 && rank != atoi(own ? own : "0")))
        disturb.call[0] = '\0';
}

static int is_temporary(const char *path)
{
    return strstr(path, "/checkpoints/step-") && strstr(path, ".h5.part");
}

static int is_open_temporary(int fd)
{
    char link[40], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return is_temporary(path);
}

/* 0, or what the call is to do instead of its work. */
static int is_due(const char *call, const char *action)
{
    if (strcmp(call, disturb.call) != 0 || strcmp(action, disturb.action) != 0)
        return 0;
    return strcmp(action, "sleep") == 0 || atomic_fetch_add(&disturb.seen, 1) + 1 == disturb.number;
}

static void pass(const char *call)
{
    if (is_due(call, "kill"))
        kill(getpid(), SIGKILL);
    if (is_due(call, "sleep"))
        nanosleep(
            &(struct timespec){.tv_sec = disturb.number / 1000, .tv_nsec = disturb.number % 1000 * 1000000L},
            NULL);
}

static int is_beside(void)
{
    return gettid() != getpid();
}

/* The system's own, found before any thread runs; a union as C has no cast for it. */
static union {
    void *found;
    ssize_t (*write_at)(int, const void *, size_t, off_t);
    ssize_t (*read_at)(int, void *, size_t, off_t);
    int (*sync)(int);
    int (*rename)(const char *, const char *);
    int (*unlink)(const char *);
} own_write, own_read, own_sync, own_rename, own_unlink;

static void __attribute__((constructor)) find(void)
{
    own_write.found = dlsym(RTLD_NEXT, "pwrite64");
    own_read.found = dlsym(RTLD_NEXT, "pread64");
    own_sync.found = dlsym(RTLD_NEXT, "fsync");
    own_rename.found = dlsym(RTLD_NEXT, "rename");
    own_unlink.found = dlsym(RTLD_NEXT, "unlink");
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    if (!is_open_temporary(fd))
        return own_write.write_at(fd, bytes, n, at);
    const char *call = is_beside() ? "write" : "make";
    pass(call);
    if (is_due(call, "full")) {
        errno = ENOSPC;
        return -1;
    }
    if (n > 0 && is_due(call, "flip")) {
        const char other = (char)(*(const char *)bytes ^ 1);
        const ssize_t written = own_write.write_at(fd, bytes, n, at);
        return own_write.write_at(fd, &other, 1, at) == 1 ? written : -1;
    }
    return own_write.write_at(fd, bytes, n, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
    return pwrite(fd, bytes, n, at);
}

ssize_t pread(int fd, void *bytes, size_t n, off_t at)
{
    if (is_open_temporary(fd) && is_beside())
        pass("check");
    return own_read.read_at(fd, bytes, n, at);
}

ssize_t pread64(int fd, void *bytes, size_t n, off_t at)
{
    return pread(fd, bytes, n, at);
}

int fsync(int fd)
{
    if (is_open_temporary(fd) && is_beside()) {
        pass("sync");
        if (is_due("sync", "full")) {
            errno = ENOSPC;
            return -1;
        }
    }
    return own_sync.sync(fd);
}

int rename(const char *from, const char *to)
{
    if (!is_temporary(from))
        return own_rename.rename(from, to);
    pass("rename");
    const int result = own_rename.rename(from, to);
    pass("named");
    return result;
}

int unlink(const char *path)
{
    if (strstr(path, "/checkpoints/step-") && is_beside())
        pass("remove");
    return own_unlink.unlink(path);
}

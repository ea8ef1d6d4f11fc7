/* A library to preload into the program. It disturbs system calls on the temporary files of checkpoints:
 *
 *   BITLOOM_TEST_DISTURB="CALL ACTION NUMBER RANK"
 *   BITLOOM_TEST_DISTURB_FILE=TEXT    on files whose path contains it, instead of temporary checkpoints
 *
 * CALL
 *   any      whatever can fail: writes, syncs, truncations, renames and closes of any thread
 *   put      any write of any thread
 *   write    the main thread writes rows (in H5Dwrite)
 *   make     any other write of the main thread, through HDF5 or not
 *   read     the main thread reads a checkpoint with its final name
 *   reserve, sync, check, rename, named (just after rename), remove
 *            calls of another thread
 * ACTION
 *   kill     SIGKILL at call NUMBER of the process; term: SIGTERM
 *   full     call NUMBER fails with ENOSPC; not for check, rename, named and remove
 *   filled   call NUMBER and all after it fail with ENOSPC; likewise
 *   broken   call NUMBER fails with EIO; breaking: and all after it
 *   flip     call NUMBER writes a wrong byte; only for write, make and put
 *   short    call NUMBER writes half of its bytes; only for put, where the file ends
 *   sleep    every call takes NUMBER ms longer
 * RANK: -1 for all.
 *
 * It also counts what goes through MPI-IO:
 *
 *   BITLOOM_TEST_COUNT=PREFIX
 *
 * writes "independent BYTES collective CALLS hints NAME=VALUE ..." to PREFIX.RANK at the end of the process;
 * hints are those with which files were opened. And it traces calls (support/tracing.h).
 *
 * Linked into a program of units it does the same there (support/disturb.h). */
#include "support/disturb.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "support/tracing.h"

/* The library is also preloaded into shells and other programs without MPI: symbols may be missing. */
#ifdef OMPI_MAJOR_VERSION
#pragma weak ompi_mpi_info_null
#endif
#pragma weak MPI_Info_get
#pragma weak MPI_Info_get_nkeys
#pragma weak MPI_Info_get_nthkey
#pragma weak MPI_Type_size

static struct {
    char call[16], action[16];
    char file[200]; /* empty: temporary checkpoints */
    int number;
    atomic_int seen;
} disturb;

void disturb_by(const char *what, const char *file)
{
    int rank;
    snprintf(disturb.file, sizeof disturb.file, "%s", file ? file : "");
    if (!what || sscanf(what, "%15s %15s %d %d", disturb.call, disturb.action, &disturb.number, &rank) != 4 ||
        (rank >= 0 && rank != atoi(tracing_rank())))
        disturb.call[0] = '\0';
    atomic_store(&disturb.seen, 0);
}

int disturb_seen(void)
{
    return atomic_load(&disturb.seen);
}

static void __attribute__((constructor)) begin(void)
{
    disturb_by(getenv("BITLOOM_TEST_DISTURB"), getenv("BITLOOM_TEST_DISTURB_FILE"));
}

static int is_temporary(const char *path)
{
    if (disturb.file[0])
        return strstr(path, disturb.file) != NULL;
    return strstr(path, "/checkpoints/step-") && strstr(path, ".h5.part");
}

static void path_of(int fd, char path[4096])
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, 4095);
    path[n > 0 ? n : 0] = '\0';
}

static int is_open_temporary(int fd)
{
    char path[4096];
    if (!disturb.call[0])
        return 0;
    path_of(fd, path);
    return is_temporary(path);
}

static int is_open_checkpoint(int fd)
{
    char path[4096];
    if (!disturb.call[0])
        return 0;
    path_of(fd, path);
    return strstr(path, "/checkpoints/step-") && !is_temporary(path);
}

/* Whether this action is due at this call. */
static int is_due(const char *call, const char *action)
{
    if ((strcmp(call, disturb.call) != 0 && strcmp("any", disturb.call) != 0) ||
        strcmp(action, disturb.action) != 0)
        return 0;
    if (strcmp(action, "sleep") == 0)
        return 1;
    const int seen = atomic_fetch_add(&disturb.seen, 1) + 1;
    const int goes_on = strcmp(action, "filled") == 0 || strcmp(action, "breaking") == 0;
    return goes_on ? seen >= disturb.number : seen == disturb.number;
}

static void pass(const char *call)
{
    if (is_due(call, "kill"))
        kill(getpid(), SIGKILL);
    if (is_due(call, "term"))
        kill(getpid(), SIGTERM);
    if (is_due(call, "sleep"))
        nanosleep(
            &(struct timespec){.tv_sec = disturb.number / 1000, .tv_nsec = disturb.number % 1000 * 1000000L},
            NULL);
}

/* Whether the caller is another thread than the main one. */
static int is_other_thread(void)
{
    return gettid() != getpid();
}

/* The original function, looked up when first needed. A union: C can't cast void * to a function. */
union own {
    void *found;
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*write_at)(int, const void *, size_t, off_t);
    ssize_t (*parts_at)(int, const struct iovec *, int, off_t);
    ssize_t (*read_at)(int, void *, size_t, off_t);
    int (*reserve)(int, int, off_t, off_t);
    int (*sync)(int);
    int (*truncate)(int, off_t);
    int (*rename)(const char *, const char *);
    int (*unlink)(const char *);
    int (*put)(int64_t, int64_t, int64_t, int64_t, int64_t, const void *);
    int (*open)(MPI_Comm, const char *, int, MPI_Info, MPI_File *);
    int (*file_write_at)(MPI_File, MPI_Offset, const void *, int, MPI_Datatype, MPI_Status *);
};

static union own find(union own *own, const char *name)
{
    if (!own->found)
        own->found = dlsym(RTLD_NEXT, name);
    return *own;
}

/* Rows */

static int in_rows;

/* Declared here, with hid_t as 64 bits: HDF5's header would tie this to one MPI's build. */
int H5Dwrite(int64_t set, int64_t memory_type, int64_t memory, int64_t file, int64_t transfer,
             const void *rows);

int H5Dwrite(int64_t set, int64_t memory_type, int64_t memory, int64_t file, int64_t transfer,
             const void *rows)
{
    static union own own;
    in_rows++;
    const int result = find(&own, "H5Dwrite").put(set, memory_type, memory, file, transfer, rows);
    in_rows--;
    return result;
}

static ssize_t write_at(int fd, const void *bytes, size_t n, off_t at)
{
    static union own own;
    return find(&own, "pwrite64").write_at(fd, bytes, n, at);
}

/* Applies kill, sleep and full; returns 1 if the call is to fail. */
static int disturb_call(const char *call)
{
    pass(call);
    if (is_due(call, "full") || is_due(call, "filled"))
        errno = ENOSPC;
    else if (is_due(call, "broken") || is_due(call, "breaking"))
        errno = EIO;
    else
        return 0;
    return 1;
}

static const char *kind_of_write(void)
{
    if (strcmp(disturb.call, "put") == 0)
        return "put";
    return in_rows > 0 ? "write" : "make";
}

static ssize_t note_write(int fd, ssize_t written, off_t at)
{
    if (written > 0)
        tracing_note(in_rows > 0 ? "rows" : "make", fd, at, written);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    if (!is_open_temporary(fd))
        return note_write(fd, write_at(fd, bytes, n, at), at);
    const char *call = kind_of_write();
    if (disturb_call(call))
        return -1;
    const ssize_t written = note_write(fd, write_at(fd, bytes, n, at), at);
    if (n > 0 && is_due(call, "flip")) {
        const char other = (char)(*(const char *)bytes ^ 1);
        return write_at(fd, &other, 1, at) == 1 ? written : -1;
    }
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
    return pwrite(fd, bytes, n, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    static union own own;
    if (is_open_temporary(fd) && disturb_call(kind_of_write()))
        return -1;
    const ssize_t written = note_write(fd, find(&own, "pwritev64").parts_at(fd, parts, n, at), at);
    if (n > 0 && is_open_temporary(fd) && is_due(kind_of_write(), "flip")) {
        const char other = (char)(*(const char *)parts[0].iov_base ^ 1);
        return write_at(fd, &other, 1, at) == 1 ? written : -1;
    }
    return written;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int n, off_t at)
{
    return pwritev(fd, parts, n, at);
}

/* Where the file ends, as it is copied from its beginning on. */
ssize_t write(int fd, const void *bytes, size_t n)
{
    static union own own;
    if (is_open_temporary(fd) && disturb_call(kind_of_write()))
        return -1;
    if (is_open_temporary(fd) && is_due("put", "short"))
        n = (n + 1) / 2;
    const ssize_t written = find(&own, "write").write(fd, bytes, n);
    if (written > 0)
        tracing_note("make", fd, -1, written);
    return written;
}

/* Other threads */

int fallocate(int fd, int mode, off_t at, off_t n)
{
    static union own own;
    if (is_open_temporary(fd) && is_other_thread() && disturb_call("reserve"))
        return -1;
    return find(&own, "fallocate64").reserve(fd, mode, at, n);
}

int fallocate64(int fd, int mode, off_t at, off_t n)
{
    return fallocate(fd, mode, at, n);
}

ssize_t pread(int fd, void *bytes, size_t n, off_t at)
{
    static union own own;
    if (is_open_temporary(fd) && is_other_thread())
        pass("check");
    if (!is_other_thread() && is_open_checkpoint(fd) && disturb_call("read"))
        return -1;
    tracing_note("read", fd, at, (long long)n);
    return find(&own, "pread64").read_at(fd, bytes, n, at);
}

ssize_t preadv(int fd, const struct iovec *parts, int n, off_t at)
{
    static union own own;
    if (!is_other_thread() && is_open_checkpoint(fd) && disturb_call("read"))
        return -1;
    for (long long i = 0, from = at; i < n; from += (long long)parts[i++].iov_len)
        tracing_note("read", fd, from, (long long)parts[i].iov_len);
    return find(&own, "preadv64").parts_at(fd, parts, n, at);
}

ssize_t preadv64(int fd, const struct iovec *parts, int n, off_t at)
{
    return preadv(fd, parts, n, at);
}

ssize_t pread64(int fd, void *bytes, size_t n, off_t at)
{
    return pread(fd, bytes, n, at);
}

int fsync(int fd)
{
    static union own own;
    if (is_open_temporary(fd) && (is_other_thread() || disturb.file[0]) && disturb_call("sync"))
        return -1;
    tracing_note("sync", fd, 0, tracing_bytes(fd));
    return find(&own, "fsync").sync(fd);
}

int ftruncate(int fd, off_t n)
{
    static union own own;
    if (is_open_temporary(fd) && disturb_call("truncate"))
        return -1;
    return find(&own, "ftruncate64").truncate(fd, n);
}

int ftruncate64(int fd, off_t n)
{
    return ftruncate(fd, n);
}

/* As on network file systems: it is closed all the same. */
int close(int fd)
{
    static union own own;
    const int fails = strcmp("any", disturb.call) == 0 && is_open_temporary(fd) && disturb_call("close");
    const int reason = errno, result = find(&own, "close").sync(fd);
    if (fails)
        errno = reason;
    return fails ? -1 : result;
}

int rename(const char *from, const char *to)
{
    static union own own;
    tracing_note_path("rename", from);
    if (!is_temporary(from))
        return find(&own, "rename").rename(from, to);
    pass("rename");
    if (strcmp("any", disturb.call) == 0 && disturb_call("rename"))
        return -1;
    const int result = find(&own, "rename").rename(from, to);
    pass("named");
    return result;
}

int unlink(const char *path)
{
    static union own own;
    tracing_note_path("remove", path);
    if (strstr(path, "/checkpoints/step-") && is_other_thread())
        pass("remove");
    return find(&own, "unlink").unlink(path);
}

/* MPI-IO */

static struct {
    long long independent_bytes;
    int collective_calls;
    char hints[500];
} count;

int MPI_File_open(MPI_Comm comm, const char *path, int mode, MPI_Info info, MPI_File *file)
{
    static union own own;
    int n = 0, found;
    if (info != MPI_INFO_NULL)
        MPI_Info_get_nkeys(info, &n);
    for (int i = 0; i < n; i++) {
        char name[MPI_MAX_INFO_KEY + 1], value[64];
        const size_t used = strlen(count.hints);
        MPI_Info_get_nthkey(info, i, name);
        MPI_Info_get(info, name, sizeof value - 1, value, &found);
        if (!strstr(count.hints, name))
            snprintf(count.hints + used, sizeof count.hints - used, " %s=%s", name, value);
    }
    return find(&own, "MPI_File_open").open(comm, path, mode, info, file);
}

int MPI_File_write_at(MPI_File file, MPI_Offset at, const void *bytes, int n, MPI_Datatype type,
                      MPI_Status *status)
{
    static union own own;
    int size;
    MPI_Type_size(type, &size);
    count.independent_bytes += (long long)n * size;
    return find(&own, "MPI_File_write_at").file_write_at(file, at, bytes, n, type, status);
}

int MPI_File_write_at_all(MPI_File file, MPI_Offset at, const void *bytes, int n, MPI_Datatype type,
                          MPI_Status *status)
{
    static union own own;
    count.collective_calls++;
    return find(&own, "MPI_File_write_at_all").file_write_at(file, at, bytes, n, type, status);
}

static void __attribute__((destructor)) tell(void)
{
    char path[4096];
    const char *prefix = getenv("BITLOOM_TEST_COUNT");
    if (!prefix || count.independent_bytes == 0)
        return;
    snprintf(path, sizeof path, "%s.%s", prefix, tracing_rank());
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    fprintf(file, "independent %lld collective %d hints%s\n", count.independent_bytes, count.collective_calls,
            count.hints);
    fclose(file);
}

#include "mpi/h5/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The process that holds a lock on the file, by Linux's list of locks; 0 if it isn't told. */
static long find_holder(const char *path)
{
    struct stat status;
    char line[200];
    long found = 0;
    FILE *locks = stat(path, &status) == 0 ? fopen("/proc/locks", "r") : NULL;
    while (locks && found == 0 && fgets(line, sizeof line, locks)) {
        long pid;
        unsigned major, minor;
        uint64_t inode;
        /* "1: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF"; who waits for a lock has "->" behind the number. */
        if (sscanf(line, "%*d: %*s %*s %*s %ld %x:%x:%" SCNu64, &pid, &major, &minor, &inode) == 4 &&
            inode == status.st_ino && major == major(status.st_dev) && minor == minor(status.st_dev) &&
            pid > 0)
            found = pid;
    }
    if (locks)
        fclose(locks);
    return found;
}

/* " (process 4711, python3)", or nothing. */
static void name_holder(const char *path, char *text, size_t size)
{
    char file[64], name[40] = "";
    const long pid = find_holder(path);
    text[0] = '\0';
    if (pid == 0)
        return;
    snprintf(file, sizeof file, "/proc/%ld/comm", pid);
    FILE *comm = fopen(file, "r");
    if (comm && fgets(name, sizeof name, comm))
        name[strcspn(name, "\n")] = '\0';
    if (comm)
        fclose(comm);
    snprintf(text, size, " (process %ld%s%s)", pid, name[0] ? ", " : "", name);
}

int h5_refusal_lock(const char *path, int writing, int reason, struct bl_error *err)
{
    char holder[100];
    switch (reason) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EACCES:
        name_holder(path, holder, sizeof holder);
        return bl_fail(err, BL_PATH, "%s is open%s in another program%s; close it there and start again",
                       path, writing ? "" : " for writing", holder);
    case ENOLCK:
    case ENOSYS:
    case EOPNOTSUPP:
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP:
#endif
        return bl_fail(err, BL_PATH,
                       "%s can't be locked: its file system has no locks (%s); set "
                       "HDF5_USE_FILE_LOCKING=FALSE, and let no other program write the file meanwhile",
                       path, strerror(reason));
    default:
        return BL_OK;
    }
}

/* HDF5 takes the same lock, shared to read and exclusive to write. */
static int try_lock(int fd, const char *path, int writing, struct bl_error *err)
{
    if (flock(fd, (writing ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0)
        return h5_refusal_lock(path, writing, errno, err);
    flock(fd, LOCK_UN);
    return BL_OK;
}

/* Version 3 of the superblock keeps flags while a file is open for writing (HDF5 File Format Specification, II.A). It
 * begins at 0, 512, 1024, ... */
static int check_flags(int fd, const char *path, struct bl_error *err)
{
    enum { VERSION = 8, FLAGS = 11, WRITTEN = 1 | 4, HEAD = 12 };
    unsigned char head[HEAD];
    for (off_t at = 0; pread(fd, head, HEAD, at) == HEAD; at = at == 0 ? 512 : 2 * at) {
        if (memcmp(head, "\x89HDF\r\n\x1a\n", 8) != 0)
            continue;
        if (head[VERSION] != 3 || (head[FLAGS] & WRITTEN) == 0)
            return BL_OK;
        return bl_fail(
            err, BL_INPUT,
            "%s is still being written, or its writer never closed it; wait for it, or, if it is gone, "
            "run h5clear -s %s",
            path, path);
    }
    return BL_OK;
}

int h5_refusal(const char *path, int writing, struct bl_error *err)
{
    const int fd = open(path, (writing ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return bl_fail_path(err, writing ? "write" : "open", path, errno);
    int code = try_lock(fd, path, writing, err);
    if (code == BL_OK)
        code = check_flags(fd, path, err);
    close(fd);
    return code;
}

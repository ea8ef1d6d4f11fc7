#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/unfinished.h"

static void read_owner(int fd, char owner[IO_LOCK_OWNER])
{
    const ssize_t n = pread(fd, owner, IO_LOCK_OWNER - 1, 0);
    owner[n > 0 ? n : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
    if (!owner[0])
        snprintf(owner, IO_LOCK_OWNER, "another process");
}

/* For whoever is refused; without it they are told of another process. */
static void write_owner(int fd)
{
    char host[128] = "", text[IO_LOCK_OWNER];
    gethostname(host, sizeof host - 1);
    const int n = snprintf(text, sizeof text, "another process (%ld on %s)\n", (long)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return;
}

/* Its last owner removes the file while we wait for it: then the lock is on a file that nobody else finds. */
static int is_still_there(int fd, const char *path)
{
    struct stat ours, theirs;
    return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

int io_lock_take(const char *path, int *lock, char owner[IO_LOCK_OWNER], struct bl_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    owner[0] = '\0';
    for (;;) {
        *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (*lock < 0)
            return bl_fail_path(err, "write", path, errno);
        const int reason = fcntl(*lock, F_OFD_SETLK, &whole) == 0 ? 0 : errno;
        if (reason == 0 && is_still_there(*lock, path)) {
            io_unfinished_add(path);
            write_owner(*lock);
            return BL_OK;
        }
        if (reason == EAGAIN || reason == EACCES)
            read_owner(*lock, owner);
        close(*lock); /* nothing of ours is in it */
        *lock = -1;
        if (reason == 0)
            continue;
        if (!owner[0])
            unlink(path); /* no locks here */
        return BL_OK;
    }
}

void io_lock_return(const char *path, int lock)
{
    if (lock < 0)
        return;
    unlink(path);
    io_unfinished_drop(path);
    close(lock); /* it ends the lock */
}

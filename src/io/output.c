#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "io/lock.h"
#include "io/unfinished.h"

enum { LINKS_MAX = 40, COPY_BYTES = 1 << 20 };

/* Where it goes */

/* The number of a path such as /dev/stdout, /dev/fd/63 or /proc/self/fd/1; -1 for others. */
static int descriptor_of(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"};
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const size_t n = strlen(folders[i]);
        char *end;
        if (strncmp(path, folders[i], n) != 0 || path[n] < '0' || path[n] > '9')
            continue;
        const long number = strtol(path + n, &end, 10);
        if (*end == '\0' && number <= 1 << 20)
            return (int)number;
    }
    return -1;
}

/* Replaces a link in output->path by what it names, one step; *is_link = 0 if it is none. */
static int follow_one(struct io_output *output, int *is_link, struct bl_error *err)
{
    char target[BL_PATH_MAX], joined[2 * BL_PATH_MAX];
    const ssize_t n = readlink(output->path, target, sizeof target - 1);
    *is_link = n >= 0;
    if (n < 0)
        return BL_OK;
    target[n] = '\0';
    const char *slash = target[0] == '/' ? NULL : strrchr(output->path, '/');
    const int folder = slash ? (int)(slash - output->path) + 1 : 0;
    snprintf(joined, sizeof joined, "%.*s%s", folder, output->path, target);
    if (n + 1 >= (ssize_t)sizeof target || strlen(joined) >= sizeof output->path)
        return bl_fail_path(err, "write", output->name, ENAMETOOLONG);
    memcpy(output->path, joined, strlen(joined) + 1);
    return BL_OK;
}

/* Follows links to the file that they name, which needn't exist, or to an open descriptor. */
static int follow(struct io_output *output, struct bl_error *err)
{
    int is_link = 1;
    for (int i = 0; i <= LINKS_MAX; i++) {
        output->descriptor = descriptor_of(output->path);
        if (output->descriptor >= 0)
            return BL_OK;
        const int code = follow_one(output, &is_link, err);
        if (code != BL_OK || !is_link)
            return code;
    }
    return bl_fail_path(err, "write", output->name, ELOOP);
}

/* Whether the folder of the file takes new files. */
static int check_folder(const struct io_output *output, struct bl_error *err)
{
    char folder[BL_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", output->path);
    char *slash = strrchr(folder, '/');
    if (slash && slash[1] == '\0')
        return bl_fail_path(err, "write", output->name, EISDIR);
    if (slash)
        slash[slash == folder] = '\0';
    return access(slash ? folder : ".", W_OK | X_OK) == 0 ? BL_OK
                                                          : bl_fail_path(err, "write", output->name, errno);
}

static int check_kind(struct io_output *output, struct bl_error *err)
{
    const mode_t mode = output->before.st_mode;
    if (S_ISDIR(mode))
        return bl_fail_path(err, "write", output->name, EISDIR);
    if (S_ISSOCK(mode) || S_ISBLK(mode))
        return bl_fail(err, BL_PATH, "can't write %s: it is a %s; choose another name", output->name,
                       S_ISSOCK(mode) ? "socket" : "block device");
    output->is_stream = !S_ISREG(mode);
    if (output->is_stream)
        return BL_OK;
    output->exists = 1;
    /* The folder's permissions alone would let a protected file be replaced; those of root always do. */
    if ((mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0 || access(output->path, W_OK) != 0)
        return bl_fail(
            err, BL_PATH,
            "can't write %s: it is protected against writing; allow it (chmod u+w) or choose another "
            "name",
            output->name);
    return check_folder(output, err);
}

int io_output_look(struct io_output *output, const char *path, struct bl_error *err)
{
    *output = (struct io_output){.fd = -1, .lock = -1, .descriptor = -1};
    if (!path[0])
        return bl_fail(err, BL_USAGE, "the name of the output is empty");
    if (snprintf(output->path, sizeof output->path, "%s", path) >= (int)sizeof output->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    snprintf(output->name, sizeof output->name, "%s", strcmp(path, "-") == 0 ? "standard output" : path);
    int code = follow(output, err);
    if (code != BL_OK)
        return code;
    if (output->descriptor >= 0) {
        output->is_stream = 1;
        return BL_OK;
    }
    snprintf(output->temporary, sizeof output->temporary, "%s.part", output->path);
    if (stat(output->path, &output->before) == 0)
        return check_kind(output, err);
    return errno == ENOENT ? check_folder(output, err) : bl_fail_path(err, "write", output->name, errno);
}

/* Beginning */

static int open_stream(struct io_output *output, struct bl_error *err)
{
    /* A copy of an open descriptor: opened again, a file behind it would be written from its start. */
    output->fd = output->descriptor >= 0 ? fcntl(output->descriptor, F_DUPFD_CLOEXEC, 3)
                                         : open(output->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    return output->fd >= 0 ? BL_OK : bl_fail_path(err, "write to", output->name, errno);
}

static int take_lock(struct io_output *output, struct bl_error *err)
{
    char path[sizeof output->temporary + 8], owner[IO_LOCK_OWNER];
    snprintf(path, sizeof path, "%s.lock", output->temporary);
    const int code = io_lock_take(path, &output->lock, owner, err);
    if (code == BL_OK && owner[0])
        return bl_fail(err, BL_PATH, "%s is writing %s; wait for it, or choose another name", owner,
                       output->name);
    return code;
}

static void return_lock(struct io_output *output)
{
    char path[sizeof output->temporary + 8];
    snprintf(path, sizeof path, "%s.lock", output->temporary);
    io_lock_return(path, output->lock);
    output->lock = -1;
}

/* A killed process may have left one. Anything else of that name isn't ours. */
static int remove_leftover(const struct io_output *output, struct bl_error *err)
{
    struct stat status;
    if (lstat(output->temporary, &status) != 0)
        return errno == ENOENT ? BL_OK : bl_fail_path(err, "write", output->name, errno);
    if (!S_ISREG(status.st_mode))
        return bl_fail(err, BL_PATH, "can't write %s: %s is in the way; remove it", output->name,
                       output->temporary);
    return unlink(output->temporary) == 0 ? BL_OK : bl_fail_path(err, "write", output->name, errno);
}

/* What replaces a file is nobody else's until it has that file's mode. */
static int make_temporary(const struct io_output *output, struct bl_error *err)
{
    const mode_t mode = output->exists ? S_IRUSR | S_IWUSR : 0666;
    const int fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    return fd >= 0 && close(fd) == 0 ? BL_OK : bl_fail_path(err, "write", output->name, errno);
}

int io_output_begin_alone(struct io_output *output, struct bl_error *err)
{
    int code = output->is_stream ? open_stream(output, err) : remove_leftover(output, err);
    output->is_begun = code == BL_OK;
    if (code == BL_OK && !output->is_stream)
        io_unfinished_add(output->temporary);
    if (code == BL_OK && !output->is_stream)
        code = make_temporary(output, err);
    return code;
}

/* Another process may have finished between the look and the lock; what is there now is what counts. */
static int look_again(struct io_output *output, struct bl_error *err)
{
    struct stat now;
    const int exists = stat(output->path, &now) == 0;
    if (exists == output->exists && (!exists || (now.st_ino == output->before.st_ino &&
                                                 now.st_mtim.tv_sec == output->before.st_mtim.tv_sec &&
                                                 now.st_mtim.tv_nsec == output->before.st_mtim.tv_nsec)))
        return BL_OK;
    return bl_fail(err, BL_PATH, "%s was %s by another program meanwhile; it was left as it is", output->name,
                   exists ? output->exists ? "changed" : "made" : "removed");
}

int io_output_begin(struct io_output *output, struct bl_error *err)
{
    if (output->is_stream)
        return io_output_begin_alone(output, err);
    int code = take_lock(output, err);
    if (code == BL_OK)
        code = look_again(output, err);
    return code == BL_OK ? io_output_begin_alone(output, err) : code;
}

/* Bytes */

static int open_temporary(struct io_output *output, struct bl_error *err)
{
    output->fd = open(output->temporary, O_WRONLY | O_CLOEXEC);
    if (output->fd < 0)
        return bl_fail_path(err, "write", output->name, errno);
    output->digester = bl_digester_create();
    if (!output->digester)
        return bl_fail(err, BL_MEMORY, "out of memory: the digest of %s", output->name);
    bl_digester_begin(output->digester, 0);
    return BL_OK;
}

int io_output_put(struct io_output *output, const void *bytes, int64_t n_bytes, struct bl_error *err)
{
    const char *at = bytes;
    if (output->fd < 0 && open_temporary(output, err) != BL_OK)
        return err->code;
    if (output->digester)
        bl_digester_add(output->digester, bytes, n_bytes);
    output->put += n_bytes;
    while (n_bytes > 0) {
        const ssize_t n = write(output->fd, at, (size_t)n_bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return bl_fail_path(err, output->is_stream ? "write to" : "write", output->name, errno);
        at += n;
        n_bytes -= n;
    }
    return BL_OK;
}

/* 0, or an errno. What can't be synced, such as a pipe, needn't be. */
static int sync_and_close(int fd)
{
    const int failed = fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS;
    const int reason = errno;
    if (close(fd) != 0 && !failed)
        return errno;
    return failed ? reason : 0;
}

/* The digest of the temporary file's first `bytes` bytes, if it has no more. */
static int read_back(const struct io_output *output, uint64_t *digest, struct bl_error *err)
{
    char *block = NULL;
    int64_t all = 0;
    ssize_t n = 0;
    int code = bl_alloc(&block, COPY_BYTES, 1, "reading back", err);
    const int fd = code == BL_OK ? open(output->temporary, O_RDONLY | O_CLOEXEC) : -1;
    if (code == BL_OK && fd < 0)
        code = bl_fail_path(err, "read back", output->name, errno);
    bl_digester_begin(output->digester, 0);
    while (fd >= 0 && (n = read(fd, block, COPY_BYTES)) > 0) {
        bl_digester_add(output->digester, block, n);
        all += n;
    }
    if (code == BL_OK && n < 0)
        code = bl_fail_path(err, "read back", output->name, errno);
    if (fd >= 0)
        close(fd); /* only read from */
    bl_free(&block);
    *digest = bl_digester_end(output->digester) + (uint64_t)(all - output->put);
    return code;
}

int io_output_commit(struct io_output *output, struct bl_error *err)
{
    uint64_t read = 0;
    if (output->fd < 0 && open_temporary(output, err) != BL_OK) /* nothing was put: an empty file */
        return err->code;
    const uint64_t written = output->digester ? bl_digester_end(output->digester) : 0;
    const int fd = output->fd;
    output->fd = -1;
    const int reason = sync_and_close(fd);
    if (reason)
        return bl_fail_path(err, output->is_stream ? "write to" : "write", output->name, reason);
    if (output->is_stream)
        return BL_OK;
    const int code = read_back(output, &read, err);
    if (code == BL_OK && read != written)
        return bl_fail(err, BL_PATH,
                       "%s reads back differently from what was written; the disk may be full or faulty",
                       output->name);
    return code == BL_OK ? io_output_install(output, err) : code;
}

/* The name */

static int sync_folder(const struct io_output *output, struct bl_error *err)
{
    char folder[BL_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", output->path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    const int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? BL_OK /* it may be written but not read */
                               : bl_fail_path(err, "open the folder of", output->name, errno);
    const int reason = sync_and_close(fd); /* some file systems can't sync a folder */
    return reason ? bl_fail_path(err, "sync the folder of", output->name, reason) : BL_OK;
}

/* Where owner or group can't be kept, others of a group that isn't the file's get nothing. */
static int keep_mode(int fd, const struct stat *before)
{
    mode_t mode = before->st_mode & 0777;
    if (fchown(fd, before->st_uid, before->st_gid) != 0 && fchown(fd, (uid_t)-1, before->st_gid) != 0)
        mode &= ~(mode_t)S_IRWXG;
    return fchmod(fd, mode);
}

int io_output_install(struct io_output *output, struct bl_error *err)
{
    const int fd = open(output->temporary, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return bl_fail_path(err, "write", output->name, errno);
    int reason = output->exists && keep_mode(fd, &output->before) != 0 ? errno : 0;
    const int closed = sync_and_close(fd);
    reason = reason ? reason : closed;
    if (reason)
        return bl_fail_path(err, "write", output->name, reason);
    if (look_again(output, err) != BL_OK)
        return err->code;
    if (rename(output->temporary, output->path) != 0)
        return bl_fail_path(err, "write", output->name, errno);
    io_unfinished_drop(output->temporary);
    const int code = sync_folder(output, err);
    output->is_begun = 0;
    if (output->lock >= 0)
        return_lock(output);
    return code;
}

void io_output_drop(struct io_output *output)
{
    if (output->is_begun && output->fd >= 0)
        close(output->fd); /* what it wrote is thrown away */
    if (output->is_begun && !output->is_stream) {
        unlink(output->temporary);
        io_unfinished_drop(output->temporary);
    }
    if (output->name[0] && output->lock >= 0) /* zeros have no name */
        return_lock(output);
    bl_digester_destroy(output->digester);
    output->digester = NULL;
    output->is_begun = 0;
}

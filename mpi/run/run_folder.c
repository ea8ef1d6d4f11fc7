#include "mpi/run/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "mpi/ranks/agree.h"

/* Who holds the lock, as its owner wrote it into the file. */
static void read_owner(int fd, char *owner, size_t size)
{
    ssize_t n = pread(fd, owner, size - 1, 0);
    owner[n > 0 ? n : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
    if (!owner[0])
        snprintf(owner, size, "another process");
}

static int lock(struct par_run_folder *folder, struct bl_error *err)
{
    char path[PAR_RUN_PATH_MAX], owner[256];
    snprintf(path, sizeof path, "%s/.lock", folder->path);
    folder->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (folder->lock_fd < 0)
        return bl_fail_path(err, "write", path, errno);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(folder->lock_fd, F_OFD_SETLK, &whole) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            return bl_fail_path(err, "lock", path, errno);
        read_owner(folder->lock_fd, owner, sizeof owner);
        return bl_fail(err, BL_USAGE,
                       "the run folder %s is in use by %s; wait for it, stop it, or choose another --run",
                       folder->path, owner);
    }
    char host[128] = "";
    gethostname(host, sizeof host - 1);
    int n = snprintf(owner, sizeof owner, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(folder->lock_fd, 0) != 0 || pwrite(folder->lock_fd, owner, (size_t)n, 0) != n)
        return bl_fail_path(err, "write", path, errno);
    return BL_OK;
}

static int remove_file(const char *path, struct bl_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return bl_fail_path(err, "remove", path, errno);
    return BL_OK;
}

/* Removes step-*.h5MARK* from the checkpoints. */
static int remove_marked(const struct par_run_folder *folder, const char *mark, struct bl_error *err)
{
    char path[2 * PAR_RUN_PATH_MAX];
    int code = BL_OK;
    DIR *directory = opendir(folder->checkpoints);
    if (!directory)
        return bl_fail_path(err, "read the folder", folder->checkpoints, errno);
    for (struct dirent *entry; code == BL_OK && (entry = readdir(directory));) {
        const char *ending = strstr(entry->d_name, ".h5");
        if (strncmp(entry->d_name, "step-", 5) != 0 || !ending ||
            strncmp(ending + 3, mark, strlen(mark)) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder->checkpoints, entry->d_name);
        code = remove_file(path, err);
    }
    closedir(directory);
    return code;
}

int par_run_folder_open(struct par_run_folder *folder, struct par par, const char *path, struct bl_error *err)
{
    *folder = (struct par_run_folder){.lock_fd = -1};
    if (snprintf(folder->path, sizeof folder->path, "%s", path) >= (int)sizeof folder->path)
        return bl_fail(err, BL_USAGE, "the run folder's path is too long");
    snprintf(folder->checkpoints, sizeof folder->checkpoints, "%s/checkpoints", path);
    snprintf(folder->log, sizeof folder->log, "%s/train.log", path);
    snprintf(folder->metrics, sizeof folder->metrics, "%s/metrics.jsonl", path);
    snprintf(folder->model, sizeof folder->model, "%s/model.h5", path);
    snprintf(folder->config, sizeof folder->config, "%s/config.yaml", path);
    int code = BL_OK;
    if (par.rank == 0) {
        code = io_file_make_folder(folder->checkpoints, err);
        if (code == BL_OK)
            code = lock(folder, err);
        if (code == BL_OK)
            code = remove_marked(folder, ".part", err);
    }
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_run_folder_close(folder);
    return code;
}

void par_run_folder_close(struct par_run_folder *folder)
{
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    folder->lock_fd = -1;
}

int par_run_folder_clear(struct par_run_folder *folder, struct par par, struct bl_error *err)
{
    int code = BL_OK;
    if (par.rank == 0) {
        const char *files[] = {folder->model, folder->metrics, folder->log};
        code = par_run_folder_prune_local(folder, 0, NULL, err);
        if (code == BL_OK)
            code = remove_marked(folder, ".damaged", err);
        for (size_t i = 0; i < sizeof files / sizeof *files && code == BL_OK; i++)
            code = remove_file(files[i], err);
    }
    return par_agree(par, code, err);
}

void par_run_folder_checkpoint_local(const struct par_run_folder *folder, int64_t step, char *path,
                                     int64_t size)
{
    snprintf(path, (size_t)size, "%s/step-%08" PRId64 ".h5", folder->checkpoints, step);
}

/* step-NNNNNNNN.h5; more digits after 99,999,999 steps. */
static int64_t step_of(const char *name)
{
    char *end;
    if (strncmp(name, "step-", 5) != 0)
        return -1;
    long long step = strtoll(name + 5, &end, 10);
    return end != name + 5 && strcmp(end, ".h5") == 0 ? step : -1;
}

static int newest_first(const void *a, const void *b)
{
    const char *x = strrchr(*(char *const *)a, '/') + 1, *y = strrchr(*(char *const *)b, '/') + 1;
    return (step_of(y) > step_of(x)) - (step_of(y) < step_of(x));
}

int par_run_folder_list_local(const char *folder, char ***paths, int64_t *n, struct bl_error *err)
{
    *paths = NULL;
    *n = 0;
    DIR *directory = opendir(folder);
    if (!directory)
        return bl_fail_path(err, "read the folder", folder, errno);
    int code = BL_OK;
    for (struct dirent *entry; code == BL_OK && (entry = readdir(directory));) {
        if (step_of(entry->d_name) < 0)
            continue;
        char **longer = realloc(*paths, (size_t)(*n + 1) * sizeof *longer);
        char *path = longer ? malloc(strlen(folder) + strlen(entry->d_name) + 2) : NULL;
        if (longer)
            *paths = longer;
        if (!path) {
            code = bl_fail(err, BL_MEMORY, "out of memory: the list of checkpoints");
            break;
        }
        sprintf(path, "%s/%s", folder, entry->d_name);
        (*paths)[(*n)++] = path;
    }
    closedir(directory);
    if (*n > 1)
        qsort(*paths, (size_t)*n, sizeof **paths, newest_first);
    return code;
}

int par_run_folder_prune_local(const struct par_run_folder *folder, int64_t keep, const char *newest,
                               struct bl_error *err)
{
    char **paths = NULL;
    int64_t n = 0;
    int code = par_run_folder_list_local(folder->checkpoints, &paths, &n, err);
    for (int64_t i = 0; i < n && code == BL_OK; i++)
        if (i >= keep && !(newest && strcmp(paths[i], newest) == 0))
            code = remove_file(paths[i], err);
    for (int64_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
    return code;
}

int par_run_folder_set_aside_local(const char *path, struct bl_error *err)
{
    char aside[PAR_RUN_PATH_MAX + 16];
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (rename(path, aside) != 0 && errno != ENOENT)
        return bl_fail_path(err, "rename", path, errno);
    return BL_OK;
}

#include "mpi/run/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
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

/* A start that came to nothing removes its lock: then this is that of a file without a name. */
static int is_at(int fd, const char *path)
{
    struct stat of_fd, of_path;
    return fstat(fd, &of_fd) == 0 && stat(path, &of_path) == 0 && of_fd.st_dev == of_path.st_dev &&
           of_fd.st_ino == of_path.st_ino;
}

static int take_lock(struct par_run_folder *folder, const char *path, struct bl_error *err)
{
    char owner[256];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    folder->lock_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    folder->made.lock = folder->lock_fd >= 0;
    if (folder->lock_fd < 0)
        folder->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (folder->lock_fd < 0)
        return bl_fail_path(err, "write", path, errno);
    if (fcntl(folder->lock_fd, F_OFD_SETLK, &whole) == 0)
        return BL_OK;
    if (errno != EAGAIN && errno != EACCES)
        return bl_fail_path(err, "lock", path, errno);
    folder->made.lock = 0; /* another one has taken it since */
    read_owner(folder->lock_fd, owner, sizeof owner);
    return bl_fail(err, BL_USAGE,
                   "the run folder %s is in use by %s; wait for it, stop it, or choose another --run",
                   folder->path, owner);
}

static int lock(struct par_run_folder *folder, struct bl_error *err)
{
    char path[PAR_RUN_PATH_MAX], owner[256], host[128] = "";
    snprintf(path, sizeof path, "%s/.lock", folder->path);
    int code = take_lock(folder, path, err);
    while (code == BL_OK && !is_at(folder->lock_fd, path)) {
        close(folder->lock_fd);
        code = take_lock(folder, path, err);
    }
    if (code != BL_OK)
        return code;
    gethostname(host, sizeof host - 1);
    int n = snprintf(owner, sizeof owner, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(folder->lock_fd, 0) != 0 || pwrite(folder->lock_fd, owner, (size_t)n, 0) != n)
        return bl_fail_path(err, "write", path, errno);
    return BL_OK;
}

int run_folder_is_in_use(const char *path)
{
    char lock_path[PAR_RUN_PATH_MAX];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    snprintf(lock_path, sizeof lock_path, "%s/.lock", path);
    const int fd = open(lock_path, O_RDONLY | O_CLOEXEC);
    const int is_held = fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return is_held;
}

static int remove_file(const char *path, struct bl_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return bl_fail_path(err, "remove", path, errno);
    return BL_OK;
}

/* step-NNNNNNNN, then ENDING; more digits after 99,999,999 steps. -1: some other name. */
static int64_t step_of(const char *name, const char *ending)
{
    char *end, same[64];
    if (strncmp(name, "step-", 5) != 0)
        return -1;
    const long long step = strtoll(name + 5, &end, 10);
    const int n = snprintf(same, sizeof same, "step-%08lld", step);
    return step >= 0 && strncmp(same, name, (size_t)n) == 0 && strcmp(end, ending) == 0 ? step : -1;
}

/* Half-written checkpoints; Open MPI may leave a file of its own beside one. */
static int is_half_written(const char *name)
{
    char first[256];
    snprintf(first, sizeof first, "%s", name);
    char *of_mpi = strstr(first, ".part.locktest.");
    if (of_mpi)
        of_mpi[strlen(".part")] = '\0';
    return step_of(first, ".h5.part") >= 0;
}

static int is_damaged(const char *name)
{
    return step_of(name, ".h5.damaged") >= 0;
}

/* Removes those of the checkpoints' folder whose names say so. */
static int remove_named(const struct par_run_folder *folder, int (*is_named)(const char *name),
                        struct bl_error *err)
{
    char path[2 * PAR_RUN_PATH_MAX];
    int code = BL_OK;
    DIR *directory = opendir(folder->checkpoints);
    if (!directory)
        return bl_fail_path(err, "read the folder", folder->checkpoints, errno);
    for (struct dirent *entry; code == BL_OK && (entry = readdir(directory));) {
        if (!is_named(entry->d_name))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder->checkpoints, entry->d_name);
        code = remove_file(path, err);
    }
    closedir(directory);
    return code;
}

int run_folder_name(struct par_run_folder *folder, const char *path, struct bl_error *err)
{
    *folder = (struct par_run_folder){.lock_fd = -1};
    if (snprintf(folder->path, sizeof folder->path, "%s", path) >= (int)sizeof folder->path)
        return bl_fail(err, BL_USAGE, "the run folder's path is too long");
    snprintf(folder->checkpoints, sizeof folder->checkpoints, "%s/checkpoints", path);
    snprintf(folder->log, sizeof folder->log, "%s/train.log", path);
    snprintf(folder->metrics, sizeof folder->metrics, "%s/metrics.jsonl", path);
    snprintf(folder->model, sizeof folder->model, "%s/model.h5", path);
    snprintf(folder->config, sizeof folder->config, "%s/config.yaml", path);
    snprintf(folder->model_before, sizeof folder->model_before, "%s/model-before.h5", path);
    snprintf(folder->config_before, sizeof folder->config_before, "%s/config-before.yaml", path);
    return BL_OK;
}

static int is_missing(const char *path)
{
    struct stat status;
    return lstat(path, &status) != 0 && errno == ENOENT;
}

/* The folder and those above it, remembering the highest that was missing. */
static int make_folders(struct par_run_folder *folder, struct bl_error *err)
{
    char *made = folder->made.folder;
    const char *path = folder->path;
    for (size_t n = 1; n <= strlen(path) && !made[0]; n++)
        if (path[n] == '/' || path[n] == '\0') {
            snprintf(made, sizeof folder->made.folder, "%.*s", (int)n, path);
            made[0] = is_missing(made) ? made[0] : '\0';
        }
    int code = io_file_make_folder(path, err);
    if (code != BL_OK)
        return code;
    folder->made.checkpoints = mkdir(folder->checkpoints, 0777) == 0;
    if (!folder->made.checkpoints && errno != EEXIST)
        return bl_fail_path(err, "make the folder", folder->checkpoints, errno);
    return BL_OK;
}

/* Under the lock, as another start may be writing them. */
static void note_missing(struct par_run_folder *folder)
{
    folder->made.log = is_missing(folder->log);
    folder->made.metrics = is_missing(folder->metrics);
    folder->made.config = is_missing(folder->config);
}

int par_run_folder_open(struct par_run_folder *folder, struct par par, const char *path, struct bl_error *err)
{
    int code = run_folder_name(folder, path, err);
    if (code != BL_OK)
        return code;
    if (par.rank == 0) {
        code = make_folders(folder, err);
        if (code == BL_OK)
            code = lock(folder, err);
        if (code == BL_OK) {
            note_missing(folder);
            code = remove_named(folder, is_half_written, err);
        }
        if (code != BL_OK)
            run_folder_undo(folder);
    }
    code = par_agree(par, code, err);
    if (code != BL_OK)
        par_run_folder_close(folder);
    return code;
}

void run_folder_undo(struct par_run_folder *folder)
{
    char path[PAR_RUN_PATH_MAX];
    if (folder->made.log)
        unlink(folder->log);
    if (folder->made.metrics)
        unlink(folder->metrics);
    if (folder->made.config)
        unlink(folder->config);
    if (folder->made.checkpoints)
        rmdir(folder->checkpoints);
    snprintf(path, sizeof path, "%s/.lock", folder->path);
    if (folder->made.lock)
        unlink(path);
    /* A folder that holds anything stays. */
    snprintf(path, sizeof path, "%s", folder->path);
    while (folder->made.folder[0] && strlen(path) >= strlen(folder->made.folder) && rmdir(path) == 0) {
        char *slash = strrchr(path, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    memset(&folder->made, 0, sizeof folder->made);
}

void par_run_folder_close(struct par_run_folder *folder)
{
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    folder->lock_fd = -1;
}

/* NULL is no file. */
static int is_same_file(const char *path, const char *other)
{
    struct stat a, b;
    return other && stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* model-kept.h5, or the first of model-kept-2.h5, ... that is free. */
static void name_kept(const struct par_run_folder *folder, char path[PAR_RUN_PATH_MAX])
{
    snprintf(path, PAR_RUN_PATH_MAX, "%s/model-kept.h5", folder->path);
    for (int i = 2; !is_missing(path); i++)
        snprintf(path, PAR_RUN_PATH_MAX, "%s/model-kept-%d.h5", folder->path, i);
}

static int set_model_aside(const struct par_run_folder *folder, enum earlier_run earlier, const char *init,
                           struct bl_error *err)
{
    char aside[PAR_RUN_PATH_MAX];
    const int is_kept = earlier == EARLIER_NONE || is_same_file(folder->model, init);
    if (is_missing(folder->model) ||
        (!is_kept && earlier != EARLIER_ENDED && !is_missing(folder->model_before)))
        return BL_OK;
    snprintf(aside, sizeof aside, "%s", folder->model_before);
    if (is_kept)
        name_kept(folder, aside);
    if (rename(folder->model, aside) != 0)
        return bl_fail_path(err, "rename", folder->model, errno);
    bl_log_say("%s is now %s%s", folder->model, aside, is_kept ? "" : ", until the new run has finished");
    return BL_OK;
}

static void free_paths(char **paths, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
}

/* But for the one at `init`. */
static int remove_checkpoints(const struct par_run_folder *folder, const char *init, struct bl_error *err)
{
    char **paths = NULL;
    int64_t n = 0;
    int code = par_run_folder_list_local(folder->checkpoints, &paths, &n, err);
    for (int64_t i = 0; i < n && code == BL_OK; i++)
        if (!is_same_file(paths[i], init))
            code = remove_file(paths[i], err);
    free_paths(paths, n);
    return code;
}

/* Nobody asked for a new run where checkpoints have gone: then curves that they belonged to are kept. */
static int clear_metrics(const struct par_run_folder *folder, enum earlier_run earlier, int fresh,
                         struct bl_error *err)
{
    char aside[PAR_RUN_PATH_MAX];
    if (fresh || earlier != EARLIER_SAVED)
        return remove_file(folder->metrics, err);
    snprintf(aside, sizeof aside, "%s/metrics-before.jsonl", folder->path);
    if (rename(folder->metrics, aside) != 0)
        return bl_fail_path(err, "rename", folder->metrics, errno);
    bl_log_say("%s is now %s", folder->metrics, aside);
    return BL_OK;
}

/* First, so that it has the lines about the rest. */
static int begin_log(const struct par_run_folder *folder, struct bl_error *err)
{
    int code = remove_file(folder->log, err);
    return code == BL_OK ? bl_log_open(folder->log, -1, err) : code;
}

int par_run_folder_clear(struct par_run_folder *folder, struct par par, enum earlier_run earlier, int fresh,
                         const char *init, struct bl_error *err)
{
    int code = BL_OK;
    if (par.rank == 0) {
        if (earlier != EARLIER_NONE && fresh)
            code = begin_log(folder, err);
        if (code == BL_OK)
            code = set_model_aside(folder, earlier, init, err);
        if (code == BL_OK)
            code = remove_checkpoints(folder, init, err);
        if (code == BL_OK && fresh)
            code = remove_named(folder, is_damaged, err);
        if (code == BL_OK)
            code = clear_metrics(folder, earlier, fresh, err);
    }
    return par_agree(par, code, err);
}

int run_folder_forget_before(const struct par_run_folder *folder, struct bl_error *err)
{
    return remove_file(folder->model_before, err);
}

int run_folder_write_config(const struct par_run_folder *folder, const char *text, int keep,
                            const char *given, struct bl_error *err)
{
    enum { CONFIG_BYTES_MAX = 1 << 20 };
    char *before = NULL;
    int64_t n = 0;
    int code = BL_OK;
    if ((keep || is_same_file(folder->config, given)) && !is_missing(folder->config))
        code = io_file_read(folder->config, CONFIG_BYTES_MAX, &before, &n, err);
    if (code == BL_OK && before && strcmp(before, text) != 0) {
        code = io_file_write(folder->config_before, before, n, err);
        if (code == BL_OK)
            bl_log_say("%s is kept as %s", folder->config, folder->config_before);
    }
    bl_free(&before);
    return code == BL_OK ? io_file_write(folder->config, text, (int64_t)strlen(text), err) : code;
}

void par_run_folder_checkpoint_local(const struct par_run_folder *folder, int64_t step, char *path,
                                     int64_t size)
{
    snprintf(path, (size_t)size, "%s/step-%08" PRId64 ".h5", folder->checkpoints, step);
}

static int newest_first(const void *a, const void *b)
{
    const char *x = strrchr(*(char *const *)a, '/') + 1, *y = strrchr(*(char *const *)b, '/') + 1;
    return (step_of(y, ".h5") > step_of(x, ".h5")) - (step_of(y, ".h5") < step_of(x, ".h5"));
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
        if (step_of(entry->d_name, ".h5") < 0)
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

int run_folder_has_checkpoint(const struct par_run_folder *folder, int *any, struct bl_error *err)
{
    char **paths = NULL;
    int64_t n = 0;
    int code = par_run_folder_list_local(folder->checkpoints, &paths, &n, err);
    *any = n > 0;
    free_paths(paths, n);
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
    free_paths(paths, n);
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

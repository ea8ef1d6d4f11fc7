#include "mpi/run/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* Of rank 0; elsewhere nothing is open and every call does nothing. */
static struct {
    FILE *file;
    char path[4096];
} metrics;

int metrics_open(const char *path, int64_t keep_bytes, struct bl_error *err)
{
    snprintf(metrics.path, sizeof metrics.path, "%s", path);
    struct stat status;
    const int64_t bytes = stat(path, &status) == 0 ? status.st_size : 0;
    /* What was written after the checkpoint will be written again. */
    if (bytes > keep_bytes && truncate(path, keep_bytes) != 0)
        return bl_fail_path(err, "shorten", path, errno);
    if (bytes < keep_bytes)
        bl_log_warn(
            "%s is shorter than when the checkpoint was written (%lld of %lld bytes): its curves have "
            "a gap",
            path, (long long)bytes, (long long)keep_bytes);
    metrics.file = fopen(path, "a");
    return metrics.file ? BL_OK : bl_fail_path(err, "write", path, errno);
}

int64_t metrics_bytes(void)
{
    if (!metrics.file)
        return 0;
    fflush(metrics.file);
    struct stat status;
    return fstat(fileno(metrics.file), &status) == 0 ? status.st_size : 0;
}

void metrics_sync(void)
{
    if (metrics.file)
        fsync(fileno(metrics.file));
}

int metrics_write(json_t *event, struct bl_error *err)
{
    int code = BL_OK;
    if (metrics.file) {
        char when[32];
        bl_clock_text(when, sizeof when);
        json_object_set_new(event, "time", json_string(when));
        if (json_dumpf(event, metrics.file, JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0 ||
            fputc('\n', metrics.file) == EOF || fflush(metrics.file) != 0)
            code = bl_fail_path(err, "write", metrics.path, errno);
    }
    json_decref(event);
    return code;
}

void metrics_close(void)
{
    if (metrics.file)
        fclose(metrics.file);
    metrics.file = NULL;
}

#include "mpi/process/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* The limit in folder/memory.max; "max" is none. */
static int64_t limit_of(const char *folder)
{
    char path[PATH_BYTES + 16];
    int64_t bytes = INT64_MAX;
    snprintf(path, sizeof path, "%s/memory.max", folder);
    FILE *file = fopen(path, "r");
    if (!file)
        return INT64_MAX;
    if (fscanf(file, "%" SCNd64, &bytes) != 1)
        bytes = INT64_MAX;
    fclose(file);
    return bytes;
}

int64_t memory_within_groups(const char *groups, const char *line, int64_t host_bytes)
{
    char folder[PATH_BYTES];
    if (strncmp(line, "0::", 3) != 0)
        return host_bytes;
    const int root = snprintf(folder, sizeof folder, "%s", groups);
    int n = root + snprintf(folder + root, sizeof folder - (size_t)root, "%.*s", (int)strcspn(line + 3, "\n"),
                            line + 3);
    if (n >= (int)sizeof folder)
        return host_bytes;
    /* A group has no more than any of those it is in. */
    for (;;) {
        const int64_t limit = limit_of(folder);
        host_bytes = limit < host_bytes ? limit : host_bytes;
        char *slash = strrchr(folder, '/');
        if (!slash || slash - folder < root)
            return host_bytes;
        *slash = '\0';
    }
}

int64_t memory_of_host(void)
{
    char line[PATH_BYTES] = "";
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0)
        return 0;
    FILE *file = fopen("/proc/self/cgroup", "r");
    while (file && fgets(line, sizeof line, file) && strncmp(line, "0::", 3) != 0)
        ;
    if (file)
        fclose(file);
    return memory_within_groups("/sys/fs/cgroup", line, (int64_t)pages * page);
}

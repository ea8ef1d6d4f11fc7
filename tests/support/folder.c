#include "support/folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int folder_make(char *path, size_t size)
{
    const char *parent = getenv("TMPDIR");
    int n = snprintf(path, size, "%s/bitloom-test-XXXXXX", parent && *parent ? parent : "/tmp");
    return n > 0 && (size_t)n < size && mkdtemp(path) != NULL;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *position)
{
    (void)status;
    (void)kind;
    (void)position;
    return remove(path);
}

void folder_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

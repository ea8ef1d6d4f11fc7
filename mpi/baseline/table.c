#include "mpi/baseline/table.h"

#include <string.h>

#include "base/nearest.h"

#define BASELINE(name) extern const struct baseline baseline_##name;
#include "mpi/baseline/baselines.def"

const struct baseline *const baseline_table[] = {
#define BASELINE(name) &baseline_##name,
#include "mpi/baseline/baselines.def"
    NULL};

const struct baseline *baseline_find(const char *name, struct bl_error *err)
{
    const char *near = NULL;
    char all[256] = "";
    for (const struct baseline *const *b = baseline_table; *b; b++) {
        if (strcmp((*b)->name, name) == 0)
            return *b;
        if (bl_nearest_better(name, (*b)->name, near))
            near = (*b)->name;
        strncat(all, *all ? ", " : "", sizeof all - strlen(all) - 1);
        strncat(all, (*b)->name, sizeof all - strlen(all) - 1);
    }
    if (near)
        bl_fail(err, BL_USAGE, "unknown method '%s'; did you mean '%s'?", name, near);
    else
        bl_fail(err, BL_USAGE, "unknown method '%s'; there are: %s", name, all);
    return NULL;
}

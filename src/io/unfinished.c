#include "io/unfinished.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

enum { PLACES = 32, FREE = 0, CHANGING, SET };

/* Fixed places: a handler can neither take a lock nor allocate. A path is read only while its place is SET. */
static struct {
    _Atomic int state;
    char path[BL_PATH_MAX + 8];
} places[PLACES];

static int take(int place, int from)
{
    return atomic_compare_exchange_strong(&places[place].state, &from, CHANGING);
}

void io_unfinished_drop(const char *path)
{
    for (int i = 0; i < PLACES; i++)
        if (take(i, SET))
            atomic_store(&places[i].state, strcmp(places[i].path, path) == 0 ? FREE : SET);
}

void io_unfinished_add(const char *path)
{
    const size_t n = strlen(path);
    io_unfinished_drop(path);
    for (int i = 0; i < PLACES && n < sizeof places->path; i++) {
        if (!take(i, FREE))
            continue;
        memcpy(places[i].path, path, n + 1);
        atomic_store(&places[i].state, SET);
        return;
    }
}

void io_unfinished_remove(void)
{
    for (int i = 0; i < PLACES; i++)
        if (atomic_load(&places[i].state) == SET)
            unlink(places[i].path);
}

#include "support/trace.h"

#include <criterion/criterion.h>
#include <hdf5.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int trace_begin(const char *path)
{
    if (!TEST_DISTURB[0]) {
        cr_log_info("nothing can be preloaded before a sanitizer: calls are not traced");
        return 0;
    }
    remove(path);
    setenv("BITLOOM_TEST_TRACE", path, 1);
    setenv("LD_PRELOAD", TEST_DISTURB, 1);
    return 1;
}

void trace_end(const char *path, struct trace *trace)
{
    struct trace_event event;
    char thread;
    unsetenv("LD_PRELOAD");
    unsetenv("BITLOOM_TEST_TRACE");
    *trace = (struct trace){0};
    FILE *file = fopen(path, "r");
    cr_assert(file, "nothing was traced");
    while (fscanf(file, "%d %c %7s %" SCNd64 " %" SCNd64 " %511s\n", &event.rank, &thread, event.call,
                  &event.at, &event.bytes, event.path) == 6) {
        event.is_main = thread == 'M';
        trace->event = realloc(trace->event, (size_t)(trace->n + 1) * sizeof event);
        cr_assert(trace->event, "out of memory");
        trace->event[trace->n++] = event;
    }
    cr_assert(feof(file), "the trace can't be read after %d lines", trace->n);
    fclose(file);
}

void trace_free(struct trace *trace)
{
    free(trace->event);
    *trace = (struct trace){0};
}

static int ends_with(const char *path, const char *ending)
{
    const size_t n = strlen(path), m = strlen(ending);
    return n >= m && strcmp(path + n - m, ending) == 0;
}

int trace_next(const struct trace *trace, int from, int rank, const char *call, const char *ending)
{
    while (from < trace->n &&
           !((rank < 0 || trace->event[from].rank == rank) && strcmp(trace->event[from].call, call) == 0 &&
             ends_with(trace->event[from].path, ending)))
        from++;
    return from;
}

static int is_write(const struct trace_event *event)
{
    return strcmp(event->call, "rows") == 0 || strcmp(event->call, "make") == 0;
}

/* The events [from, to) before the file's rename at `to`. */
static void expect_synced(const struct trace *trace, int from, int to, const char *part)
{
    enum { RANKS = 16 };
    int64_t length = 0, synced = -1;
    int unsynced[RANKS] = {0};
    for (int i = from; i < to; i++) {
        const struct trace_event *event = &trace->event[i];
        if (!ends_with(event->path, part))
            continue;
        cr_assert_lt(event->rank, RANKS);
        if (is_write(event)) {
            unsynced[event->rank] = i + 1;
            length = event->at + event->bytes > length ? event->at + event->bytes : length;
        } else if (strcmp(event->call, "sync") == 0) {
            unsynced[event->rank] = 0;
            synced = event->bytes;
        }
    }
    for (int r = 0; r < RANKS; r++)
        cr_assert_eq(unsynced[r], 0, "rank %d wrote to %s and didn't sync it", r, part);
    cr_assert_geq(synced, length, "%s was renamed with %lld bytes, but synced with %lld", part,
                  (long long)length, (long long)synced);
    cr_assert_geq(synced, 0, "%s was renamed without a sync", part);
}

static void expect_folder_synced(const struct trace *trace, int from, const char *path)
{
    char folder[sizeof trace->event->path];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    for (int i = from; i < trace->n; i++)
        if (strcmp(trace->event[i].call, "sync") == 0 && strcmp(trace->event[i].path, folder) == 0)
            return;
    cr_assert_fail("the folder of %s wasn't synced after its rename", path);
}

void trace_expect_installed(const struct trace *trace, const char *name)
{
    char part[300];
    int from = 0, renamed = 0;
    snprintf(part, sizeof part, "%s.part", name);
    for (int at; (at = trace_next(trace, from, -1, "rename", part)) < trace->n; from = at + 1, renamed++) {
        expect_synced(trace, from, at, part);
        expect_folder_synced(trace, at, trace->event[at].path);
    }
    cr_assert_gt(renamed, 0, "%s was never renamed", part);
    for (int i = 0; i < trace->n; i++)
        cr_assert(!(is_write(&trace->event[i]) && ends_with(trace->event[i].path, name)),
                  "%s was written to under its name", name);
}

/* map [n]: 1 + the rank that wrote the byte, 0 if it was read since. */
static void follow(const struct trace_event *event, const int *reader, int ranks, uint8_t *map, int64_t n)
{
    const int written = strcmp(event->call, "rows") == 0, read = strcmp(event->call, "read") == 0;
    for (int64_t b = event->at; b < event->at + event->bytes && (written || read); b++) {
        if (b >= n)
            break;
        if (written)
            map[b] = (uint8_t)(event->rank + 1);
        else if (map[b] > 0 && map[b] <= ranks &&
                 (reader[map[b] - 1] < 0 || reader[map[b] - 1] == event->rank))
            map[b] = 0;
    }
}

enum { MAP_BYTES = 1 << 22 };

static herr_t forget_set(hid_t sums, const char *name, const H5O_info_t *info, void *map)
{
    if (info->type != H5O_TYPE_DATASET)
        return 0;
    hid_t set = H5Dopen2(sums, name, H5P_DEFAULT);
    memset((uint8_t *)map + H5Dget_offset(set), 0, (size_t)H5Dget_storage_size(set));
    return H5Dclose(set);
}

/* Of the file that PART became. */
static void forget_checksums(const char *part, uint8_t *map)
{
    char path[sizeof((struct trace_event *)0)->path];
    snprintf(path, sizeof path, "%s", part);
    path[strlen(path) - strlen(".part")] = '\0';
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), sums = H5Gopen2(file, "checksums", H5P_DEFAULT);
    cr_assert_geq(H5Ovisit(sums, H5_INDEX_NAME, H5_ITER_INC, forget_set, map), 0, "%s", path);
    H5Gclose(sums);
    H5Fclose(file);
}

void trace_expect_read_back(const struct trace *trace, const char *name, const int *reader, int ranks,
                            int with_checksums)
{
    static uint8_t map[MAP_BYTES];
    char part[300];
    int64_t rows = 0;
    snprintf(part, sizeof part, "%s.part", name);
    memset(map, 0, sizeof map);
    for (int i = 0; i < trace->n; i++) {
        const struct trace_event *event = &trace->event[i];
        if (!ends_with(event->path, part))
            continue;
        rows += strcmp(event->call, "rows") == 0 ? event->bytes : 0;
        follow(event, reader, ranks, map, MAP_BYTES);
        if (strcmp(event->call, "rename") != 0)
            continue;
        if (!with_checksums)
            forget_checksums(event->path, map);
        for (int64_t b = 0; b < MAP_BYTES; b++)
            cr_assert_eq(map[b], 0, "byte %lld of %s, which rank %d wrote, wasn't read by rank %d",
                         (long long)b, part, map[b] - 1, map[b] > 0 ? reader[map[b] - 1] : 0);
    }
    cr_assert_gt(rows, 0, "no rows of %s were written", part);
}

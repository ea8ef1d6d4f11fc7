/* Reads what support/tracing.h wrote down, and asserts in which order calls came. */
#ifndef TEST_SUPPORT_TRACE_H
#define TEST_SUPPORT_TRACE_H

#include <stdint.h>

struct trace_event {
    int rank;
    int is_main; /* of the main thread */
    char call[8];
    int64_t at, bytes;
    char path[512];
};

/* In the order in which the calls came, of all ranks. */
struct trace {
    struct trace_event *event;
    int n;
};

/* Runs of the program between the two are traced into `path`, which has to be in the folder of what they write.
 * Returns 0 if nothing can be preloaded here. */
int trace_begin(const char *path);
void trace_end(const char *path, struct trace *trace);
void trace_free(struct trace *trace);

/* The next event from number `from` on, or the number of all: a call on a path that ends so. rank -1: of any. */
int trace_next(const struct trace *trace, int from, int rank, const char *call, const char *ending);

/* The file was written as NAME.part, synced at its full length by each rank that wrote, after its last write,
 * renamed, and then its folder was synced; nothing was written to it afterwards. As often as it was renamed,
 * which is at least once. */
void trace_expect_installed(const struct trace *trace, const char *name);

/* Between its last write and the file's rename, each byte that a rank wrote as rows was read: reader[r]: by
 * whom the rows of rank r have to be read, -1: by anyone. Checksums are rows, too, if wanted. */
void trace_expect_read_back(const struct trace *trace, const char *name, const int *reader, int ranks,
                            int with_checksums);

#endif

#include "mpi/rows/read_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "mpi/h5/table.h"

/* One window in memory, its rows in the order in which steps take them. */
struct slot {
    int64_t n, taken; /* its rows, and how many of them steps have taken */
    int64_t *rows;    /* [max_rows] file rows */
    char *features;   /* [max_rows, row_bytes] */
};

/* The windows of one shard. Steps take rows from slot[emptied % 2] while the thread fills
 * slot[filled % 2]; a slot belongs to the thread until `filled` counts it and to the steps until `emptied`
 * does. */
struct stream {
    struct bl_windows windows;
    int64_t step_rows;
    int64_t used_rows; /* the rows that an epoch's steps take; the rest of its order is never read */
    struct slot slot[2];
    int64_t filled, emptied; /* windows since the last seek */
    /* The window that is filled next; used by the thread alone, except in a seek, when it rests. */
    int64_t epoch, window, begin; /* begin: rows of the epoch before this window */
    int64_t skip;                 /* rows of it that lie before the place of the last seek */
    int64_t shuffled_epoch;
    /* The next row that a step takes. */
    int64_t take_epoch, take_place;
};

/* Owns the thread and all buffers; borrows the file and the shards. The lock guards what follows it, and
 * `filled` and `emptied` of each stream. */
struct read_ahead {
    const struct row_file *file;
    uint64_t seed;
    int64_t n_streams;
    struct stream *stream; /* [n_streams] */
    int64_t *place;        /* [most max_rows] where each row of the window being filled goes */
    char *block;           /* [rows_per_block, row_bytes] */
    double waited_s;

    pthread_mutex_t lock;
    pthread_cond_t work; /* wakes the thread: a slot is free, or a flag below changed */
    pthread_cond_t done; /* wakes the main thread: a window is full, or the thread rests */
    pthread_t thread;
    int is_running, is_filling, should_rest, should_end;
    int code; /* of a failed read, with its message in `failure` */
    struct bl_error failure;
};

static int64_t blocks_of_window(int64_t row_bytes, int64_t window_bytes)
{
    const int64_t blocks = window_bytes / (h5_rows_per_block(row_bytes) * row_bytes);
    return blocks > 0 ? blocks : 1;
}

int64_t read_ahead_rows(int64_t n_rows, int64_t row_bytes, int64_t window_bytes)
{
    const int64_t rows = blocks_of_window(row_bytes, window_bytes) * h5_rows_per_block(row_bytes);
    return n_rows < rows ? n_rows : rows;
}

int64_t read_ahead_bytes(int64_t n_rows, int64_t row_bytes, int64_t window_bytes)
{
    /* Two slots of features and file rows, and the order of the shard's blocks. */
    const int64_t rows = read_ahead_rows(n_rows, row_bytes, window_bytes);
    return 2 * rows * (row_bytes + (int64_t)sizeof(int64_t)) +
           (n_rows / h5_rows_per_block(row_bytes) + 2) * (int64_t)sizeof(int64_t);
}

/* Making */

/* take_epoch -1: no place yet, so that the first seek sets one. */
static int stream_init(struct stream *stream, const struct read_ahead_plan *plan, int64_t s,
                       struct bl_error *err)
{
    const int64_t row_bytes = row_file_row_bytes(plan->file);
    *stream = (struct stream){.step_rows = plan->step_rows[s],
                              .used_rows = plan->step_rows[s] * plan->steps_per_epoch,
                              .shuffled_epoch = -1,
                              .take_epoch = -1};
    int code = bl_windows_init(&stream->windows, &plan->shard[s], row_file_rows_per_block(plan->file),
                               blocks_of_window(row_bytes, plan->window_bytes), err);
    for (int i = 0; i < 2 && code == BL_OK; i++) {
        struct slot *slot = &stream->slot[i];
        code =
            bl_alloc(&slot->features, stream->windows.max_rows, (size_t)row_bytes, "a window of rows", err);
        if (code == BL_OK)
            code = bl_alloc(&slot->rows, stream->windows.max_rows, sizeof(int64_t), "the order of a window",
                            err);
    }
    return code;
}

static void stream_free(struct stream *stream)
{
    for (int i = 0; i < 2; i++) {
        bl_free(&stream->slot[i].features);
        bl_free(&stream->slot[i].rows);
    }
    bl_windows_free(&stream->windows);
}

static int allocate(struct read_ahead *ahead, const struct read_ahead_plan *plan, struct bl_error *err)
{
    int64_t most = 0;
    int code = bl_alloc_zero(&ahead->stream, plan->n_shards, sizeof *ahead->stream, "windows of rows", err);
    ahead->n_streams = code == BL_OK ? plan->n_shards : 0;
    for (int64_t s = 0; s < ahead->n_streams && code == BL_OK; s++) {
        code = stream_init(&ahead->stream[s], plan, s, err);
        most = ahead->stream[s].windows.max_rows > most ? ahead->stream[s].windows.max_rows : most;
    }
    if (code == BL_OK)
        code = bl_alloc(&ahead->place, most, sizeof *ahead->place, "the order of a window", err);
    if (code == BL_OK)
        code = bl_alloc(&ahead->block, row_file_rows_per_block(plan->file),
                        (size_t)row_file_row_bytes(plan->file), "a block of rows", err);
    return code;
}

int read_ahead_create(struct read_ahead **out, const struct read_ahead_plan *plan, struct bl_error *err)
{
    struct read_ahead *ahead = NULL;
    *out = NULL;
    int code = bl_alloc_zero(&ahead, 1, sizeof *ahead, "reading ahead", err);
    if (code != BL_OK)
        return code;
    ahead->file = plan->file;
    ahead->seed = plan->seed;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->work, NULL);
    pthread_cond_init(&ahead->done, NULL);
    code = allocate(ahead, plan, err);
    if (code != BL_OK)
        read_ahead_destroy(ahead);
    else
        *out = ahead;
    return code;
}

void read_ahead_destroy(struct read_ahead *ahead)
{
    if (!ahead)
        return;
    /* The thread must have ended before any buffer is freed. */
    if (ahead->is_running) {
        pthread_mutex_lock(&ahead->lock);
        ahead->should_end = 1;
        pthread_cond_signal(&ahead->work);
        pthread_mutex_unlock(&ahead->lock);
        pthread_join(ahead->thread, NULL);
    }
    for (int64_t s = 0; s < ahead->n_streams; s++)
        stream_free(&ahead->stream[s]);
    pthread_cond_destroy(&ahead->work);
    pthread_cond_destroy(&ahead->done);
    pthread_mutex_destroy(&ahead->lock);
    bl_free(&ahead->stream);
    bl_free(&ahead->place);
    bl_free(&ahead->block);
    bl_free(&ahead);
}

/* The thread */

/* Whether what is being filled will be thrown away. */
static int is_told_to_leave(struct read_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    const int leaves = ahead->should_end || ahead->should_rest;
    pthread_mutex_unlock(&ahead->lock);
    return leaves;
}

static void shuffle(struct stream *stream, uint64_t seed)
{
    if (stream->shuffled_epoch != stream->epoch)
        bl_windows_shuffle(&stream->windows, seed, stream->epoch);
    stream->shuffled_epoch = stream->epoch;
}

/* Copies a block's training rows to their places in the window; `at` of the window's rows were copied before.
 * Returns how many. */
static int64_t spread(const struct read_ahead *ahead, const struct stream *stream, int64_t block, int64_t at,
                      struct slot *slot)
{
    const int64_t row_bytes = row_file_row_bytes(ahead->file);
    const int64_t first = block * stream->windows.rows_per_block;
    const int64_t *row;
    const int64_t n = bl_windows_block_rows(&stream->windows, block, &row);
    for (int64_t i = 0; i < n; i++)
        memcpy(slot->features + ahead->place[at + i] * row_bytes, ahead->block + (row[i] - first) * row_bytes,
               (size_t)row_bytes);
    return n;
}

/* Reads the stream's next window into `slot`, which belongs to the thread. Blocks are read in the order of
 * the file, and rows stored in the order of the epoch. */
static int fill(struct read_ahead *ahead, struct stream *stream, struct slot *slot, struct bl_error *err)
{
    const int64_t *block;
    int code = BL_OK;
    shuffle(stream, ahead->seed);
    const int64_t n_blocks = bl_windows_blocks(&stream->windows, stream->window, &block);
    slot->taken = stream->skip;
    slot->n = bl_windows_order(&stream->windows, ahead->seed, stream->epoch, stream->window, stream->begin,
                               slot->rows, ahead->place);
    for (int64_t b = 0, at = 0; b < n_blocks && code == BL_OK && !is_told_to_leave(ahead); b++) {
        const int64_t *row;
        if (bl_windows_block_rows(&stream->windows, block[b], &row) == 0)
            continue; /* all its rows are held out or dropped */
        code = row_file_block(ahead->file, block[b], ahead->block, err);
        if (code == BL_OK)
            at += spread(ahead, stream, block[b], at, slot);
    }
    return code;
}

/* Goes to the window after the one of n rows; to the next epoch after the last window that steps use. */
static void advance(struct stream *stream, int64_t n)
{
    stream->skip = 0;
    stream->begin += n;
    stream->window++;
    if (stream->window == stream->windows.n_windows || stream->begin >= stream->used_rows) {
        stream->epoch++;
        stream->window = stream->begin = 0;
    }
}

/* The stream, among those with a free slot, whose next window is needed first: the smallest epoch, then
 * the smallest step, begin / step_rows. NULL: no slot is free. */
static struct stream *most_urgent(struct read_ahead *ahead)
{
    struct stream *best = NULL;
    for (int64_t s = 0; s < ahead->n_streams; s++) {
        struct stream *stream = &ahead->stream[s];
        if (stream->filled - stream->emptied == 2)
            continue;
        if (!best || stream->epoch < best->epoch ||
            (stream->epoch == best->epoch &&
             stream->begin * best->step_rows < best->begin * stream->step_rows))
            best = stream;
    }
    return best;
}

/* The thread. It holds the lock except while it fills a window. */
static void *read_on(void *context)
{
    struct read_ahead *ahead = context;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->should_end) {
        struct stream *stream = ahead->should_rest || ahead->code != BL_OK ? NULL : most_urgent(ahead);
        if (!stream) {
            pthread_cond_wait(&ahead->work, &ahead->lock);
            continue;
        }
        struct slot *slot = &stream->slot[stream->filled % 2];
        struct bl_error err = {0};
        ahead->is_filling = 1;
        pthread_mutex_unlock(&ahead->lock);
        const int code = fill(ahead, stream, slot, &err);
        pthread_mutex_lock(&ahead->lock);
        ahead->is_filling = 0;
        if (code != BL_OK) {
            ahead->code = code;
            ahead->failure = err;
        } else if (!ahead->should_rest) {
            stream->filled++;
            advance(stream, slot->n);
        }
        pthread_cond_broadcast(&ahead->done);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static int start(struct read_ahead *ahead, struct bl_error *err)
{
    sigset_t all, before;
    sigfillset(&all); /* a thread inherits the mask: signals go to the main thread only */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ahead->is_running = pthread_create(&ahead->thread, NULL, read_on, ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ahead->is_running
               ? BL_OK
               : bl_fail(err, BL_MEMORY,
                         "can't start a thread to read ahead; raise the limit of threads (ulimit -u)");
}

/* The main thread's side */

/* Sets a stream to a place in an epoch's order: to the window that contains it, with the rows before it
 * taken. */
static void set_place(struct stream *stream, uint64_t seed, int64_t epoch, int64_t place)
{
    stream->filled = stream->emptied = 0;
    stream->epoch = stream->take_epoch = epoch;
    stream->take_place = place;
    stream->window = stream->begin = 0;
    shuffle(stream, seed);
    for (int64_t n; stream->begin + (n = bl_windows_rows(&stream->windows, stream->window)) <= place;) {
        stream->begin += n;
        stream->window++;
    }
    stream->skip = place - stream->begin;
}

int read_ahead_seek(struct read_ahead *ahead, int64_t epoch, int64_t step, struct bl_error *err)
{
    int is_there = ahead->is_running;
    for (int64_t s = 0; s < ahead->n_streams; s++)
        is_there &= ahead->stream[s].take_epoch == epoch &&
                    ahead->stream[s].take_place == step * ahead->stream[s].step_rows;
    if (is_there)
        return BL_OK;
    /* The streams may be changed only while the thread rests. */
    pthread_mutex_lock(&ahead->lock);
    ahead->should_rest = 1;
    while (ahead->is_filling)
        pthread_cond_wait(&ahead->done, &ahead->lock);
    for (int64_t s = 0; s < ahead->n_streams; s++)
        set_place(&ahead->stream[s], ahead->seed, epoch, step * ahead->stream[s].step_rows);
    ahead->code = BL_OK;
    ahead->should_rest = 0;
    pthread_cond_signal(&ahead->work);
    pthread_mutex_unlock(&ahead->lock);
    return ahead->is_running ? BL_OK : start(ahead, err);
}

/* Returns the present window's slot to the thread. The lock is held. */
static void leave_window(struct read_ahead *ahead, struct stream *stream)
{
    stream->emptied++;
    pthread_cond_signal(&ahead->work);
}

/* Waits for the window that holds the next row; NULL: reading failed, and all rows read before were taken.
 * The lock is held. */
static struct slot *wait_for(struct read_ahead *ahead, struct stream *stream)
{
    for (;;) {
        while (stream->filled == stream->emptied && ahead->code == BL_OK)
            pthread_cond_wait(&ahead->done, &ahead->lock);
        if (stream->filled == stream->emptied)
            return NULL;
        struct slot *slot = &stream->slot[stream->emptied % 2];
        if (slot->taken < slot->n)
            return slot;
        leave_window(ahead, stream); /* an empty window: all its rows are held out or dropped */
    }
}

int read_ahead_take(struct read_ahead *ahead, int64_t s, int64_t wanted, int64_t *n, const int64_t **rows,
                    const void **features, struct bl_error *err)
{
    struct stream *stream = &ahead->stream[s];
    const double begun = bl_clock_seconds();
    pthread_mutex_lock(&ahead->lock);
    const struct slot *slot = wait_for(ahead, stream);
    if (!slot)
        *err = ahead->failure;
    pthread_mutex_unlock(&ahead->lock);
    ahead->waited_s += bl_clock_seconds() - begun;
    if (!slot)
        return err->code;
    /* At most to the end of the window: the caller asks again for the rest. The slot is now the steps'
     * own, so no lock is needed. */
    *n = slot->n - slot->taken < wanted ? slot->n - slot->taken : wanted;
    *rows = slot->rows + slot->taken;
    *features = slot->features + slot->taken * row_file_row_bytes(ahead->file);
    return BL_OK;
}

void read_ahead_give_back(struct read_ahead *ahead, int64_t s, int64_t n)
{
    struct stream *stream = &ahead->stream[s];
    struct slot *slot = &stream->slot[stream->emptied % 2];
    slot->taken += n;
    stream->take_place += n;
    /* An epoch may end inside a window, whose remaining rows no step takes. */
    const int ends_epoch = stream->take_place == stream->used_rows;
    if (ends_epoch) {
        stream->take_epoch++;
        stream->take_place = 0;
    }
    if (!ends_epoch && slot->taken < slot->n)
        return;
    pthread_mutex_lock(&ahead->lock);
    leave_window(ahead, stream);
    pthread_mutex_unlock(&ahead->lock);
}

double read_ahead_waited(const struct read_ahead *ahead)
{
    return ahead->waited_s;
}

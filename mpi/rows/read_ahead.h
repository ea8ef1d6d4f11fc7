/* Read-ahead of streamed rows: a background thread reads the rows of the next steps from the file while
 * the present step computes.
 *
 * Each shard of this rank has two windows in memory (data/windows.h): steps take rows from one while the
 * thread fills the other. The thread reads blocks in the order of the file, compares them with their
 * checksums, and stores each row at its position in the epoch's order, so that the rows of a step are
 * contiguous. Which rows come next depends only on epoch and step, so a checkpoint holds nothing of this.
 *
 * The thread calls neither MPI nor HDF5. Everything here is local; one thread at a time may call it. */
#ifndef PAR_ROWS_READ_AHEAD_H
#define PAR_ROWS_READ_AHEAD_H

#include "data/windows.h"
#include "mpi/h5/row_file.h"

struct read_ahead;

/* Where the rows are and how steps will take them. file and shard are borrowed, step_rows is copied. */
struct read_ahead_plan {
    const struct row_file *file;
    const struct bl_shard *shard; /* [n_shards] */
    int64_t n_shards;
    const int64_t *step_rows; /* [n_shards] rows that a step takes of each */
    int64_t steps_per_epoch;
    int64_t window_bytes; /* of a shard; a block at least */
    uint64_t seed;
};

/* Allocates two windows for each shard; the thread starts with the first seek. The caller owns *out. Errors:
 * BL_MEMORY; *out is NULL then. read_ahead_destroy waits until the thread has read its present block; NULL is
 * fine. */
int read_ahead_create(struct read_ahead **out, const struct read_ahead_plan *plan, struct bl_error *err);
void read_ahead_destroy(struct read_ahead *ahead);

/* Makes the rows of step `step` of an epoch the next to be taken. Costs nothing if they follow those taken
 * last; otherwise the windows in memory are thrown away. Errors: BL_MEMORY the thread can't be started. */
int read_ahead_seek(struct read_ahead *ahead, int64_t epoch, int64_t step, struct bl_error *err);

/* Takes some of the next rows of this rank's shard s, waiting until they are read: sets *rows to 1 <= *n
 * <= wanted file rows and *features to their features, borrowed until they are given back. A step must
 * take all its rows. Errors, once the rows read before are used up: those of row_file_block. */
int read_ahead_take(struct read_ahead *ahead, int64_t s, int64_t wanted, int64_t *n, const int64_t **rows,
                    const void **features, struct bl_error *err);

/* Gives back the n rows that were taken last from shard s. */
void read_ahead_give_back(struct read_ahead *ahead, int64_t s, int64_t n);

/* Seconds that read_ahead_take has waited so far. */
double read_ahead_waited(const struct read_ahead *ahead);

/* The most rows in a window of a shard that has n_rows rows. */
int64_t read_ahead_rows(int64_t n_rows, int64_t row_bytes, int64_t window_bytes);

/* The most memory for a shard that has n_rows rows: two windows, and the order of its blocks. */
int64_t read_ahead_bytes(int64_t n_rows, int64_t row_bytes, int64_t window_bytes);

#endif

/* The rows of the next steps, read from the file by a thread of its own while the present ones are computed.
 *
 * Each shard of this rank has two windows in memory (data/windows.h): the one that steps take rows from, and
 * the next, which the thread fills. It reads blocks in the order of the file, compares them with their
 * checksums, and puts each row where the epoch's order wants it, so that a step finds its rows side by side.
 * Where it stands is a function of epoch and step: nothing of it belongs into a checkpoint.
 *
 * The thread calls neither MPI nor HDF5. Everything here is local, and for one other thread at a time. */
#ifndef PAR_ROWS_READ_AHEAD_H
#define PAR_ROWS_READ_AHEAD_H

#include "data/windows.h"
#include "mpi/h5/row_file.h"

struct read_ahead;

/* What the rows are and how steps will take them. */
struct read_ahead_plan {
    const struct row_file *file;
    const struct bl_shard *shard; /* [n_shards] */
    int64_t n_shards;
    const int64_t *step_rows; /* [n_shards] rows that a step takes of each */
    int64_t steps_per_epoch;
    int64_t window_bytes; /* of a shard; a block at least */
    uint64_t seed;
};

/* Allocates two windows for each shard; the thread starts with the first seek. Borrows file and shards.
 * Errors: BL_MEMORY; *out is NULL then. Destroying waits for a block at most; NULL is fine. */
int read_ahead_create(struct read_ahead **out, const struct read_ahead_plan *plan, struct bl_error *err);
void read_ahead_destroy(struct read_ahead *ahead);

/* The next rows taken are those of step `step` of an epoch. Costs nothing when they follow those that were
 * taken last; otherwise what was read is dropped. Errors: BL_MEMORY there is no thread to be had. */
int read_ahead_seek(struct read_ahead *ahead, int64_t epoch, int64_t step, struct bl_error *err);

/* Some of the next rows of own shard s, waiting for them: 1 <= *n <= wanted file rows at *rows, their
 * features at *features, borrowed until they are given back. All rows of a step must be taken. Errors, once
 * the rows that were read before are used up: those of row_file_block. */
int read_ahead_take(struct read_ahead *ahead, int64_t s, int64_t wanted, int64_t *n, const int64_t **rows,
                    const void **features, struct bl_error *err);

/* The n rows taken last from shard s are no longer needed. */
void read_ahead_give_back(struct read_ahead *ahead, int64_t s, int64_t n);

/* Seconds that taking has waited so far. */
double read_ahead_waited(const struct read_ahead *ahead);

/* Most rows that a window of a shard of n_rows rows has. */
int64_t read_ahead_rows(int64_t n_rows, int64_t row_bytes, int64_t window_bytes);

/* Most bytes that a shard of n_rows rows takes: two windows, and the order of one. */
int64_t read_ahead_bytes(int64_t n_rows, int64_t row_bytes, int64_t window_bytes);

#endif

/* The background thread's part in writing data sets: HDF5 writes the rows, and the thread reserves disk
 * space, computes checksums, syncs, and reads back. Everything here is local and calls neither MPI nor
 * HDF5, so the main thread may use these meanwhile. */
#ifndef PAR_H5_FILE_BLOCKS_H
#define PAR_H5_FILE_BLOCKS_H

#include <stdint.h>

#include "base/error.h"
#include "mpi/process/worker.h"

/* Consecutive whole blocks of one data set. Their rows are contiguous in memory and in the file, and so
 * are their checksums. It borrows everything: rows and sums stay with the caller until the thread is done. */
struct file_piece {
    const char *rows; /* the bytes as stored */
    int64_t bytes, block_bytes;
    int64_t at, sums_at;      /* byte offsets in the file of the rows and of the checksums */
    uint64_t *sums;           /* [blocks] */
    const char *name;         /* of the data set, for messages */
    int64_t tensor, block_lo; /* which tensor, and its first block here; used by the writer of the rows */
};

/* The number of blocks in a piece. */
int64_t file_blocks_of(const struct file_piece *piece);

/* Buffers for reading back: one block, and the checksums of one piece. Owned. */
struct file_room {
    char *block;
    uint64_t *sums;
};

/* Allocates for the largest of pieces [n]. Errors: BL_MEMORY. file_blocks_room_free is safe twice. */
int file_blocks_room_init(struct file_room *room, const struct file_piece *pieces, int64_t n,
                          struct bl_error *err);
void file_blocks_room_free(struct file_room *room);

/* Reserves disk space for the whole length of a file. Errors: BL_PATH if there isn't enough. A file system
 * that can't reserve space, as some network ones, counts as having it. */
int file_blocks_reserve(const char *path, struct bl_error *err);

/* Computes the checksums of pieces [n] from their rows in memory. */
void file_blocks_sum(struct worker *worker, const struct file_piece *pieces, int64_t n);

/* Asks the kernel to start writing the pieces to disk; doesn't wait. */
void file_blocks_start(const char *path, const struct file_piece *pieces, int64_t n);

/* Waits until everything this host wrote to the file is on disk. Errors: BL_PATH. */
int file_blocks_sync(const char *path, struct bl_error *err);

/* Reads the pieces and their checksums back from the file and compares them. Errors: BL_PATH unreadable,
 * or they differ. */
int file_blocks_check(struct worker *worker, const char *path, const struct file_piece *pieces, int64_t n,
                      struct file_room *room, struct bl_error *err);

#endif

/* What a thread does about blocks of data sets that go through HDF5 into a file: checksums, room, the disk,
 * and reading back. Everything here is local and uses neither MPI nor HDF5, so it may run beside them. */
#ifndef PAR_H5_FILE_BLOCKS_H
#define PAR_H5_FILE_BLOCKS_H

#include <stdint.h>

#include "base/error.h"
#include "mpi/process/worker.h"

/* A run of whole blocks of one data set, contiguous in the file, and so their checksums. */
struct file_piece {
    const char *rows; /* borrowed; as stored */
    int64_t bytes, block_bytes;
    int64_t at, sums_at;      /* places in the file */
    uint64_t *sums;           /* of its blocks; borrowed */
    const char *name;         /* borrowed; of the data set, in messages */
    int64_t tensor, block_lo; /* whose they are; for who writes them */
};

int64_t file_blocks_of(const struct file_piece *piece);

/* Room for one block and for the checksums of one piece. */
struct file_room {
    char *block;
    uint64_t *sums;
};

/* For the largest of the pieces. Errors: BL_MEMORY. file_blocks_room_free is safe twice. */
int file_blocks_room_init(struct file_room *room, const struct file_piece *pieces, int64_t n,
                          struct bl_error *err);
void file_blocks_room_free(struct file_room *room);

/* Takes room on the disk for the whole length of a file. Errors: BL_PATH when there is none. A file system
 * that can't reserve (some network ones) counts as having it. */
int file_blocks_reserve(const char *path, struct bl_error *err);

/* The checksums of pieces [n] from their rows. */
void file_blocks_sum(struct worker *worker, const struct file_piece *pieces, int64_t n);

/* Has the disk begin with the pieces; nobody waits. */
void file_blocks_start(const char *path, const struct file_piece *pieces, int64_t n);

/* Brings to the disk what this host wrote. Errors: BL_PATH. */
int file_blocks_sync(const char *path, struct bl_error *err);

/* Reads the pieces and their checksums from the file and compares them. Errors: BL_PATH, also when they
 * differ. */
int file_blocks_check(struct worker *worker, const char *path, const struct file_piece *pieces, int64_t n,
                      struct file_room *room, struct bl_error *err);

#endif

/* Blocks of data sets put into their places in a file by plain system calls, with their checksums, and read
 * back. Everything here is local and uses neither MPI nor HDF5, so it may run beside them in a thread. */
#ifndef PAR_FILE_BLOCKS_H
#define PAR_FILE_BLOCKS_H

#include <stdint.h>

#include "base/error.h"
#include "mpi/worker.h"

/* A run of whole blocks of one data set, contiguous in the file, and so their checksums. */
struct par_file_piece {
    const char *rows; /* borrowed; as stored. Only writing wants them */
    int64_t bytes, block_bytes;
    int64_t at, sums_at; /* places in the file */
    const char *name;    /* borrowed; of the data set, in messages */
};

/* Room for one block and for the checksums of one piece. */
struct par_file_room {
    char *block;
    uint64_t *sums;
};

/* For the largest of the pieces. Errors: BL_MEMORY. par_file_room_free is safe twice. */
int par_file_room_init(struct par_file_room *room, const struct par_file_piece *pieces, int64_t n,
                       struct bl_error *err);
void par_file_room_free(struct par_file_room *room);

/* Writes the pieces [n] and their checksums, then fsyncs. check_first: reads them back before that, while the
 * disk is at work; for who has the file alone, as another node might not see yet what isn't synced. Errors:
 * BL_PATH. */
int par_file_write_local(struct par_worker *worker, const char *path, const struct par_file_piece *pieces,
                         int64_t n, int check_first, struct par_file_room *room, struct bl_error *err);

/* Reads the pieces and their checksums from the file and compares them. Errors: BL_PATH, also when they
 * differ. */
int par_file_check_local(struct par_worker *worker, const char *path, const struct par_file_piece *pieces,
                         int64_t n, struct par_file_room *room, struct bl_error *err);

#endif

/* Writes a rank's blocks of tensors and their checksums into a file that rank 0 made, by independent
 * transfers of HDF5's MPI-IO driver; a piece at a time, so that training steps can go on in between.
 * Everything here is local. */
#ifndef PAR_FILES_TENSOR_WRITE_H
#define PAR_FILES_TENSOR_WRITE_H

#include "mpi/files/tensor.h"
#include "mpi/h5/file_blocks.h"
#include "mpi/h5/parallel_file.h"

/* Owns the open file; tensors and pieces are borrowed until everything is written. */
struct tensor_write {
    hid_t file, set; /* set: of the piece being written; invalid: not open */
    const struct tensor *tensors;
    const struct file_piece *pieces; /* [n] */
    int64_t n;
    int64_t piece, block; /* the next block to write; piece == n: none is left */
    int has_sums;         /* the checksums are written, too: done */
};

/* Opens the file to write pieces [n] of this rank, unless n is 0. Errors: BL_PATH. */
int tensor_write_open(struct tensor_write *write, struct par par, const char *hints, const char *path,
                      const struct tensor *tensors, const struct file_piece *pieces, int64_t n,
                      struct bl_error *err);

/* Writes the next blocks, at most `bytes` but at least one block. After the last block it also writes all
 * checksums, which must have been computed by then. Errors: BL_PATH. */
int tensor_write_some(struct tensor_write *write, int64_t bytes, const char *path, struct bl_error *err);

/* 1 once blocks and checksums are written. */
int tensor_write_is_done(const struct tensor_write *write);

/* Closes the file; safe if it isn't open. Errors: BL_PATH. */
int tensor_write_close(struct tensor_write *write, const char *path, struct bl_error *err);

#endif

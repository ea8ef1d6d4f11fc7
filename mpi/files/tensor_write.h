/* A rank's blocks of tensors and their checksums put into a file that rank 0 made: through HDF5's MPI-IO
 * driver by independent transfers, a piece at a time, so that who has something else to do can do it in
 * between. */
#ifndef PAR_FILES_TENSOR_WRITE_H
#define PAR_FILES_TENSOR_WRITE_H

#include "mpi/files/tensor.h"
#include "mpi/h5/file_blocks.h"
#include "mpi/h5/parallel_file.h"

struct tensor_write {
    hid_t file, set;              /* invalid: not open */
    const struct tensor *tensors; /* borrowed, as are the pieces */
    const struct file_piece *pieces;
    int64_t n;
    int64_t piece, block; /* the next to be written; piece == n: none is left */
    int has_sums;         /* they are written */
};

/* For pieces [n] of this rank; nothing is written yet. Without any the file isn't opened. Local. Errors:
 * BL_PATH. */
int tensor_write_open(struct tensor_write *write, struct par par, const char *hints, const char *path,
                      const struct tensor *tensors, const struct file_piece *pieces, int64_t n,
                      struct bl_error *err);

/* Writes blocks of at most so many bytes, but one at least, while there are any; with the last all checksums,
 * which are there by then. Local. Errors: BL_PATH. */
int tensor_write_some(struct tensor_write *write, int64_t bytes, const char *path, struct bl_error *err);

/* 1 once everything is written. Local. */
int tensor_write_is_done(const struct tensor_write *write);

/* Safe when it isn't open. Local. Errors: BL_PATH. */
int tensor_write_close(struct tensor_write *write, const char *path, struct bl_error *err);

#endif

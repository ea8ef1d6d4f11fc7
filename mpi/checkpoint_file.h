/* The structure of a checkpoint's file: made by one rank through HDF5, before others put rows into it by
 * plain system calls (mpi/file_blocks.h), and looked at once they have. Everything here is local and for rank
 * 0. */
#ifndef PAR_CHECKPOINT_FILE_H
#define PAR_CHECKPOINT_FILE_H

#include "mpi/checkpoint.h"

/* Where the rows of a tensor and their checksums lie. */
struct par_checkpoint_place {
    int64_t at, sums_at;
};

int64_t par_tensor_row_bytes_local(const struct par_state_tensor *tensor);
int64_t par_tensor_blocks_local(const struct par_state_tensor *tensor);

/* Creates the file with the numbers, and with room for tensors [n] and their checksums; their places go to
 * places [n]. Nothing says yet what kind of file it is. Errors: BL_PATH. */
int par_checkpoint_file_make_local(const char *path, const struct par_state_number *numbers,
                                   int64_t n_numbers, const struct par_state_tensor *tensors, int64_t n,
                                   struct par_checkpoint_place *places, struct bl_error *err);

/* Marks the file complete, then opens it as whoever reads it will and looks for all of that again but the
 * rows. Errors: BL_PATH. */
int par_checkpoint_file_mark_local(const char *path, int64_t n_numbers,
                                   const struct par_state_tensor *tensors, int64_t n,
                                   const struct par_checkpoint_place *places, struct bl_error *err);

#endif

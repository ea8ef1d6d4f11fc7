/* Named tensors in a file of ours, written by all ranks or by one: what models and checkpoints have in
 * common. */
#ifndef PAR_STATE_FILE_H
#define PAR_STATE_FILE_H

#include <hdf5.h>

#include "mpi/checkpoint.h"
#include "mpi/comm.h"

/* A file on its way: under a temporary name until par_state_file_commit. */
struct par_state_file {
    struct par par;
    char path[1100], temporary[1110];
    hid_t file;
    int unfinished; /* the temporary may exist */
};

/* Collective over par; agreed. Errors: BL_PATH. */
int par_state_file_create(struct par_state_file *out, struct par par, const char *path, struct bl_error *err);

/* Writes tensors as /NAME, each rank one contiguous block of rows by independent transfers, reads them back
 * and adds their checksums. Collective; agreed. Errors: BL_PATH. */
int par_state_file_write(struct par_state_file *out, const struct par_state_tensor *tensors, int64_t n,
                         struct bl_error *err);

/* Adds the root attributes, closes, reads the closed file once more on rank 0, fsyncs, renames, fsyncs the
 * folder. Collective; agreed. Errors: BL_PATH; until the rename nothing stands under the name that did not
 * before. */
int par_state_file_commit(struct par_state_file *out, const char *format, int64_t version,
                          struct bl_error *err);

/* Closes and removes what was not committed. Collective. */
void par_state_file_destroy(struct par_state_file *out);

/* Opens a file of ours for reading by this process alone and verifies every block. *file is invalid on
 * failure. Local. Errors: BL_PATH; BL_INPUT another kind or version, unfinished, damaged. */
int par_state_file_open_local(hid_t *file, const char *path, const char *format, int64_t version,
                              struct bl_error *err);

/* The rows of a tensor; -1 when there is none. Local. */
int64_t par_state_file_rows_local(hid_t file, const char *name);

/* Fills one tensor, whose shape must be the file's. Local. Errors: BL_INPUT. */
int par_state_file_read_local(hid_t file, const char *path, const struct par_state_tensor *tensor,
                              struct bl_error *err);

#endif

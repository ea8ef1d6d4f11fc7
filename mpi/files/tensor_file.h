/* Named tensors with their checksums in a file of ours, which is what models and checkpoints are: its
 * structure, made by one rank before all put rows into it (mpi/files/tensor_file_writer.h) and looked at once they have;
 * and reading. Everything here is local; the places where rows lie let a thread find them without HDF5. */
#ifndef PAR_FILES_TENSOR_FILE_H
#define PAR_FILES_TENSOR_FILE_H

#include <hdf5.h>

#include "base/error.h"
#include "mpi/files/tensor.h"

/* What a file holds besides rows. */
struct par_state_content {
    const char *format;
    int64_t version;
    const struct par_state_tensor *tensors; /* [n]; of their rows the first n_shared are split over all ranks,
                                               those of the others are rank 0's */
    int64_t n, n_shared;
    int (*put)(hid_t file, const char *path, const void *context,
               struct bl_error *err); /* attributes and groups; BL_PATH */
    const void *context;
};

/* Where the rows of a tensor and their checksums lie. */
struct par_state_place {
    int64_t at, sums_at;
};

/* Creates the file with room for all tensors and their checksums, whose places go to places [n], and counts
 * its attributes. Nothing says yet what kind of file it is. Errors: BL_PATH. */
int par_state_file_make_local(const char *path, const struct par_state_content *content, int64_t alignment,
                              struct par_state_place *places, int64_t *n_attributes, struct bl_error *err);

/* Marks the file complete, then opens it as whoever reads it will and looks for all of that again but the
 * rows. Errors: BL_PATH. */
int par_state_file_mark_local(const char *path, const struct par_state_content *content,
                              const struct par_state_place *places, int64_t n_attributes,
                              struct bl_error *err);

/* Opens a file of ours for reading by this process alone. *file is invalid on failure. Errors: BL_PATH;
 * BL_INPUT another kind or version, unfinished, without checksums. */
int par_state_file_open_local(hid_t *file, const char *path, const char *format, int64_t version,
                              struct bl_error *err);

/* The rows of a tensor; -1 when there is none. */
int64_t par_state_file_rows_local(hid_t file, const char *name);

/* Fills blocks [lo, hi) of one tensor, whose shape must be the file's, and compares each with its checksum.
 * Errors: BL_INPUT missing, another shape, damaged (with its rows); BL_MEMORY. */
int par_state_file_read_local(hid_t file, const char *path, const struct par_state_tensor *tensor, int64_t lo,
                              int64_t hi, struct bl_error *err);

/* HDF5's description of a tensor's values, as stored and in memory: hosts are little-endian. */
hid_t par_tensor_type_local(const struct par_state_tensor *tensor);

#endif

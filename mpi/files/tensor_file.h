/* Named tensors with their checksums in a file of ours, which is what models and checkpoints are: its
 * structure, made by one rank before all put rows into it (mpi/files/tensor_file_writer.h) and looked at once they have;
 * and reading. Everything here is local; the places where rows lie let a thread find them without HDF5. */
#ifndef PAR_FILES_TENSOR_FILE_H
#define PAR_FILES_TENSOR_FILE_H

#include <hdf5.h>

#include "base/error.h"
#include "mpi/files/tensor.h"

/* What a file holds besides rows. */
struct tensor_file_content {
    const char *format;
    int64_t version;
    const struct tensor *tensors; /* [n]; of their rows the first n_shared are split over all ranks,
                                               those of the others are rank 0's */
    int64_t n, n_shared;
    int (*put)(hid_t file, const char *path, const void *context,
               struct bl_error *err); /* attributes and groups; BL_PATH */
    const void *context;
};

/* Where the rows of a tensor and their checksums lie. */
struct tensor_place {
    int64_t at, sums_at;
};

/* Creates the file with room for all tensors and their checksums, whose places go to places [n], and counts
 * its attributes. Nothing says yet what kind of file it is. Errors: BL_PATH. */
int tensor_file_make(const char *path, const struct tensor_file_content *content, int64_t alignment,
                     struct tensor_place *places, int64_t *n_attributes, struct bl_error *err);

/* Marks the file complete, then opens it as whoever reads it will and looks for all of that again but the
 * rows. Errors: BL_PATH. */
int tensor_file_mark(const char *path, const struct tensor_file_content *content,
                     const struct tensor_place *places, int64_t n_attributes, struct bl_error *err);

/* Opens a file of ours for reading by this process alone. *file is invalid on failure. Errors: BL_PATH;
 * BL_INPUT another kind or version, unfinished, without checksums. */
int tensor_file_open(hid_t *file, const char *path, const char *format, int64_t version,
                     struct bl_error *err);

/* The rows of a tensor; -1 when there is none. */
int64_t tensor_file_rows(hid_t file, const char *name);

/* Fills blocks [lo, hi) of one tensor, whose shape must be the file's, and compares each with its checksum.
 * Errors: BL_INPUT missing, another shape, damaged (with its rows); BL_MEMORY. */
int tensor_file_read(hid_t file, const char *path, const struct tensor *tensor, int64_t lo, int64_t hi,
                     struct bl_error *err);

/* HDF5's description of a tensor's values, as stored and in memory: hosts are little-endian. */
hid_t tensor_type(const struct tensor *tensor);

#endif

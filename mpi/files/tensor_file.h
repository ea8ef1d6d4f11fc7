/* Files of named tensors and their checksums: models and checkpoints. One rank makes the file's structure
 * (tensor_file_make); all ranks write rows into it (mpi/files/tensor_file_writer.h); one rank checks the
 * structure and marks the file complete (tensor_file_mark). Also reading. Everything here is local. */
#ifndef PAR_FILES_TENSOR_FILE_H
#define PAR_FILES_TENSOR_FILE_H

#include <hdf5.h>

#include "base/error.h"
#include "mpi/files/tensor.h"

/* What a file is to hold; everything is borrowed. The blocks of the first n_shared tensors are divided
 * among all ranks, which hold the same values; the other tensors are rank 0's (tensor_share). */
struct tensor_file_content {
    const char *format;
    int64_t version;
    const struct tensor *tensors; /* [n] */
    int64_t n, n_shared;
    /* Writes attributes and groups; returns BL_OK or BL_PATH. */
    int (*put)(hid_t file, const char *path, const void *context, struct bl_error *err);
    const void *context;
};

/* The byte offsets in the file of a tensor's rows and of their checksums: with these, a thread reads them
 * back without HDF5. */
struct tensor_place {
    int64_t at, sums_at;
};

/* Creates the file with space for all tensors and checksums; sets their places [n] and the number of
 * attributes. The file isn't stamped yet. Errors: BL_PATH. */
int tensor_file_make(const char *path, const struct tensor_file_content *content, int64_t alignment,
                     struct tensor_place *places, int64_t *n_attributes, struct bl_error *err);

/* Stamps the file as complete, then opens it as a reader would and checks that everything but the rows is
 * where tensor_file_make put it. Errors: BL_PATH. */
int tensor_file_mark(const char *path, const struct tensor_file_content *content,
                     const struct tensor_place *places, int64_t n_attributes, struct bl_error *err);

/* Opens a file of this format for reading, by this process alone. *file is invalid on failure. Errors:
 * BL_PATH; BL_INPUT another kind, a newer version, unfinished, without checksums. */
int tensor_file_open(hid_t *file, const char *path, const char *format, int64_t version,
                     struct bl_error *err);

/* The number of rows of a tensor in the file; -1 if there is no such tensor. */
int64_t tensor_file_rows(hid_t file, const char *name);

/* Reads blocks [lo, hi) of one tensor into its memory and compares each with its checksum. Errors:
 * BL_INPUT missing, another shape or type, damaged (naming the rows); BL_MEMORY. */
int tensor_file_read(hid_t file, const char *path, const struct tensor *tensor, int64_t lo, int64_t hi,
                     struct bl_error *err);

/* HDF5's datatype of a tensor's values, the same in the file and in memory, since hosts are little-endian.
 * Not to be closed. */
hid_t tensor_type(const struct tensor *tensor);

#endif

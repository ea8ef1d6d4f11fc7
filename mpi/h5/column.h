/* One data set [rows] or [rows, cols] of a file that any software may have written, so it is checked
 * thoroughly before any of it is read. Everything here is local; `where` names file and split in messages
 * and is borrowed for the call. */
#ifndef PAR_H5_COLUMN_H
#define PAR_H5_COLUMN_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"
#include "data/types.h"

/* An open data set and its shape. Owns the handle. */
struct h5_column {
    hid_t set; /* H5I_INVALID_HID: not open */
    int64_t rows;
    int64_t cols; /* 0: one dimension */
    int rank;
    int turned; /* rows lie along the last dimension: MATLAB wrote it */
    H5T_class_t class;
    int64_t value_bytes; /* of one value as stored */
    int is_signed;
    int varies; /* text of variable length; by h5_column_open_any alone */
};

/* 1 if the group has a link of that name, even one that leads nowhere. */
int h5_column_exists(hid_t group, const char *name);

/* Opens group/name, with a chunk cache large enough that rows read in order decompress each chunk once. On
 * failure column->set is invalid. Errors: BL_INPUT if it is absent, not a data set, of more than two
 * dimensions, empty, transposed by MATLAB, stored in other files (external, virtual), not written or only in part, or
 * compressed in a way this HDF5 can't undo. Closing is safe twice. */
int h5_column_open(struct h5_column *column, hid_t group, const char *name, const char *where,
                   struct bl_error *err);

/* The same, where a row may have any number of dimensions, whose values count as its columns. */
int h5_column_open_flat(struct h5_column *column, hid_t group, const char *name, const char *where,
                        struct bl_error *err);
void h5_column_close(struct h5_column *column);

/* The same, also where rows lie along the last dimension, as in what MATLAB wrote: column->turned; or are text of variable
 * length: column->varies. Only for who reads it that way. */
int h5_column_open_any(struct h5_column *column, hid_t group, const char *name, const char *where,
                       struct bl_error *err);

/* Sets *type to the column's feature type, recognised by its bits: an IEEE float of 16, 32 or 64 bits in
 * either byte order, or an unsigned byte. Returns 1, or 0 for any other type. */
int h5_column_feature_type(const struct h5_column *column, enum bl_type *type);

/* 1 if it is stored contiguously in the file, uncompressed. */
int h5_column_is_plain(const struct h5_column *column);

/* HDF5's datatype for `type` in memory (host byte order) and in a file (little-endian); the caller closes it
 * with H5Tclose. HDF5 1.10 has no predefined half precision, so that is constructed. */
hid_t h5_type_in_memory(enum bl_type type);
hid_t h5_type_in_file(enum bl_type type);

/* HDF5's datatype for text of n_bytes, padded with NUL; the caller closes it with H5Tclose. */
hid_t h5_type_text(int64_t n_bytes);

/* Writes the shape, such as "[100, 784]" or "[100]", into text and returns it. */
const char *h5_column_shape(const struct h5_column *column, char text[64]);

#endif

/* One data set [rows] or [rows, cols] of a file that anybody may have written: looked at closely before a
 * byte of it is read. Everything here is local; `where` names file and split in messages, and is borrowed
 * for the call. */
#ifndef PAR_H5_COLUMN_H
#define PAR_H5_COLUMN_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"
#include "data/types.h"

struct h5_column {
    hid_t set;
    int64_t rows;
    int64_t cols; /* 0: one dimension */
    H5T_class_t class;
    int64_t value_bytes; /* of one value as stored */
    int is_signed;
};

/* 1 if group has a link of that name, to be followed or not. */
int h5_column_exists(hid_t group, const char *name);

/* Opens group/name. The cache holds a row of chunks, so that rows read in order decompress each chunk once.
 * On failure column->set is invalid. Errors: BL_INPUT absent, not a data set, more than two dimensions, no
 * rows, its data elsewhere (external, virtual) or never written, a compression that this HDF5 can't undo. */
int h5_column_open(struct h5_column *column, hid_t group, const char *name, const char *where,
                   struct bl_error *err);
void h5_column_close(struct h5_column *column);

/* Which of the four feature types the column has, by its bits: IEEE floats and unsigned bytes of either byte
 * order. Returns 1, or 0 for any other type. */
int h5_column_feature_type(const struct h5_column *column, enum bl_type *type);

/* 1 if its bytes lie in the file in one piece, uncompressed. */
int h5_column_is_plain(const struct h5_column *column);

/* HDF5's description of `type` in memory (host order) and in a file (little-endian); the caller closes it
 * with H5Tclose. HDF5 1.10 has no half precision of its own, so it is put together here. */
hid_t h5_type_in_memory(enum bl_type type);
hid_t h5_type_in_file(enum bl_type type);

/* Text of n_bytes, padded with zeros, in memory or a file; the caller closes it. */
hid_t h5_type_text(int64_t n_bytes);

/* "[100, 784]" or "[100]". */
const char *h5_column_shape(const struct h5_column *column, char text[64]);

#endif

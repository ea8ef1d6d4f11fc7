/* One data set [rows] or [rows, cols] of a file that anybody may have written: looked at closely before a
 * byte of it is read. Everything here is local; `where` names file and split in messages, and is borrowed
 * for the call. */
#ifndef PAR_H5_COLUMN_H
#define PAR_H5_COLUMN_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"
#include "data/types.h"

struct par_column {
    hid_t set;
    int64_t rows;
    int64_t cols; /* 0: one dimension */
    H5T_class_t class;
    int64_t value_bytes; /* of one value as stored */
    int is_signed;
};

/* 1 if group has a link of that name, to be followed or not. */
int par_column_exists_local(hid_t group, const char *name);

/* Opens group/name. The cache holds a row of chunks, so that rows read in order decompress each chunk once.
 * On failure column->set is invalid. Errors: BL_INPUT absent, not a data set, more than two dimensions, no
 * rows, its data elsewhere (external, virtual) or never written, a compression that this HDF5 can't undo. */
int par_column_open_local(struct par_column *column, hid_t group, const char *name, const char *where,
                          struct bl_error *err);
void par_column_close_local(struct par_column *column);

/* Which of the four feature types the column has, by its bits: IEEE floats and unsigned bytes of either byte
 * order. Returns 1, or 0 for any other type. */
int par_column_feature_type_local(const struct par_column *column, enum bl_type *type);

/* 1 if its bytes lie in the file in one piece, uncompressed. */
int par_column_is_plain_local(const struct par_column *column);

/* HDF5's description of `type` in memory (host order) and in a file (little-endian); the caller closes it
 * with H5Tclose. HDF5 1.10 has no half precision of its own, so it is put together here. */
hid_t par_type_in_memory_local(enum bl_type type);
hid_t par_type_in_file_local(enum bl_type type);

/* Text of n_bytes, padded with zeros, in memory or a file; the caller closes it. */
hid_t par_type_text_local(int64_t n_bytes);

/* "[100, 784]" or "[100]". */
const char *par_column_shape_local(const struct par_column *column, char text[64]);

#endif

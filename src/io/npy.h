/* The header of an NPY file, which stands alone or in the archive of NPZ. */
#ifndef BL_IO_NPY_H
#define BL_IO_NPY_H

#include "io/array.h"

/* See io_array_read_head. Errors: BL_INPUT. */
int io_npy_read_head(struct io_array *array, struct io_array_head *head, struct bl_error *err);

#endif

/* Whether every value of a data set was written and can be read here. HDF5 returns fill values, mostly zeros, for what
 * was never written, and nothing in what it returns tells them from data. */
#ifndef PAR_H5_STORAGE_H
#define PAR_H5_STORAGE_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* How much of a data set is in its file. */
struct h5_storage {
    int is_elsewhere; /* external or virtual: in other files, which may be missing */
    uint64_t chunks,
        stored; /* in its extent, and those of them that were written; 1 and 0 or 1 if in one piece */
};

/* Local. Returns 0, or -1 if HDF5 can't tell. */
int h5_storage_look(hid_t set, struct h5_storage *storage);

/* BL_OK if all of the data set `name` was written into this file, and every filter it is compressed by can be undone.
 * Reads no value. Local. Errors: BL_INPUT, with `where`, the chunks that are there and the first rows that aren't. */
int h5_storage_check(hid_t set, const char *name, const char *where, struct bl_error *err);

#endif

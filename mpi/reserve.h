/* Room on the disk for a file that is being written, taken before HDF5 writes its metadata. */
#ifndef PAR_RESERVE_H
#define PAR_RESERVE_H

#include <hdf5.h>

#include "base/error.h"

/* Takes the room for everything that an open file has allocated so far; its length stays. In a flush all
 * ranks write metadata, each a part, between barriers: one that finds the disk full there leaves the others
 * waiting for ever. Local: one rank does it, and all agree. Errors: BL_PATH when there is no room. A file
 * system that can't reserve (some network ones) counts as having it. */
int h5_reserve_local(hid_t file, const char *path, struct bl_error *err);

#endif

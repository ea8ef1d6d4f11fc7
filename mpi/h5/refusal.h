/* Why HDF5 didn't open a file that is there: it says so only in a text that differs between its versions. */
#ifndef PAR_H5_REFUSAL_H
#define PAR_H5_REFUSAL_H

#include "base/error.h"

/* Call it when HDF5 has refused to open path, for writing or for reading. Tries HDF5's lock and looks at the file's
 * head. Returns BL_OK if neither is the reason. Local. Errors: BL_PATH another process holds the file (named where
 * Linux tells which), or the file system has no locks; BL_INPUT its writer never closed it. */
int h5_refusal(const char *path, int writing, struct bl_error *err);

/* The error for a lock that the system refused for that reason, an errno; BL_OK if it has nothing to do with locks. */
int h5_refusal_lock(const char *path, int writing, int reason, struct bl_error *err);

#endif

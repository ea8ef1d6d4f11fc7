/* The attributes of a file's root group that say what it is: format, format_version, bitloom_version,
 * complete. */
#ifndef PAR_H5_STAMP_H
#define PAR_H5_STAMP_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* BL_INPUT if the open file is stamped as another kind of bitloom file than `format`, has a format version
 * above `version`, or was never completed. A file of other software, without a stamp, passes. Local. */
int h5_stamp_check(hid_t file, const char *path, const char *format, int64_t version, struct bl_error *err);

/* Writes the stamp, with complete = 1: the last change to a file before it is closed. By the one process
 * that has the file open for writing. Local. Errors: BL_PATH. */
int h5_stamp_put(hid_t file, const char *path, const char *format, int64_t version, struct bl_error *err);

#endif

/* The root attributes by which a file of ours says what it is: format, format_version, bitloom_version and
 * complete. */
#ifndef PAR_H5_STAMP_H
#define PAR_H5_STAMP_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* BL_INPUT when the open file says that it is another kind of bitloom file than `format`, of a version above
 * `version`, or unfinished. Files of others pass. Local. */
int h5_stamp_check(hid_t file, const char *path, const char *format, int64_t version, struct bl_error *err);

/* Sets them all, with complete = 1: the last change to a file before it is closed. Collective as the file is;
 * not agreed. Errors: BL_PATH. */
int h5_stamp_put(hid_t file, const char *path, const char *format, int64_t version, struct bl_error *err);

#endif

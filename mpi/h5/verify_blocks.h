/* Reading all data sets of an open file from end to end, whatever kind of file it is. */
#ifndef PAR_H5_VERIFY_BLOCKS_H
#define PAR_H5_VERIFY_BLOCKS_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* Compares every block of every data set that has checksums (/checksums/NAME for /NAME); *sets and *blocks
 * count what was compared. Local. Errors: BL_INPUT, naming the data set and the rows of the first damaged
 * block, or the data set that is missing for its checksums; BL_MEMORY. */
int h5_verify_checked(hid_t file, const char *path, int64_t *sets, int64_t *blocks, struct bl_error *err);

/* Reads every data set of a file without checksums. Local. Errors: BL_INPUT, naming the data set that
 * can't be read; BL_MEMORY. */
int h5_verify_readable(hid_t file, const char *path, int64_t *sets, int64_t *blocks, struct bl_error *err);

/* How many data sets the file has beside checksums; 0 if it can't be read. Local. */
int64_t h5_verify_count(hid_t file);

#endif

/* Verifying files of bitloom against their checksums, without MPI. */
#ifndef PAR_FILES_VERIFY_H
#define PAR_FILES_VERIFY_H

#include <stdint.h>

#include "base/error.h"

/* Reads the whole file and verifies it; writes the result into summary [summary_bytes] as one line, such
 * as "bitloom model, 8 data sets, 12 blocks: intact". A file by other software has no checksums: then
 * every data set is read, and the summary says so. Local. Errors: BL_PATH; BL_INPUT naming the data set
 * and the rows of the first damaged block; BL_MEMORY. */
int verify_file(const char *path, char *summary, int64_t summary_bytes, struct bl_error *err);

/* Verifies a file that was just written, before it gets its name, `path`: what didn't get to the disk, wherever
 * in the file, is found now. Local. Errors: BL_PATH; BL_MEMORY as BL_PATH. */
int verify_written(const char *temporary, const char *path, struct bl_error *err);

#endif

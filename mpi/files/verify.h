/* Bitloom files against their checksums, and what is in them: without MPI. */
#ifndef PAR_FILES_VERIFY_H
#define PAR_FILES_VERIFY_H

#include <stdint.h>

#include "base/error.h"

/* Reads the whole file and verifies it; says in summary what was found (one line, e.g. "bitloom model, 8 data
 * sets, 12 blocks: whole"). Local. Errors: BL_PATH; BL_INPUT naming the data set and the rows
 * of the first damaged block. A file by other software has no
 * checksums: then every data set is read and the summary says so. */
int verify_file(const char *path, char *summary, int64_t summary_bytes, struct bl_error *err);

#endif

/* Bitloom files against their checksums, and what is in them: without MPI. */
#ifndef PAR_VERIFY_H
#define PAR_VERIFY_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"

/* Compares every block of every data set of an open file that has checksums (/checksums/NAME for /NAME) with
 * them; *sets and *blocks count what was compared. Local. Errors: BL_INPUT naming the data set and the rows
 * of the first damaged block, or a checksum without its data; BL_MEMORY. */
int par_verify_open_file_local(hid_t file, const char *path, int64_t *sets, int64_t *blocks,
                               struct bl_error *err);

/* Reads the whole file and verifies it; says in summary what was found (one line, e.g. "bitloom model, 8 data
 * sets, 12 blocks: whole"). Local. Errors: BL_PATH; BL_INPUT as above. A file by other software has no
 * checksums: then every data set is read and the summary says so. */
int par_verify_file_local(const char *path, char *summary, int64_t summary_bytes, struct bl_error *err);

#endif

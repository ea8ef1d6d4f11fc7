/* `bitloom check FILE`: every block of a bitloom file against its checksums, without MPI. */
#ifndef PAR_VERIFY_H
#define PAR_VERIFY_H

#include <stdint.h>

#include "base/error.h"

/* Reads the whole file and compares every block with its checksum; says on success in summary (one line, e.g.
 * "model, 6 tensors, 12 blocks: whole"). Local. Errors: BL_PATH; BL_INPUT naming kind, tensor, block and rows
 * damaged. A data set by other software has no checksums: structure is checked, the summary says so. */
int par_verify_file_local(const char *path, char *summary, int64_t summary_bytes, struct bl_error *err);

/* A description of a bitloom file of any kind, as JSON text (malloc'ed; the caller frees): what `info`
 * prints. */
int par_describe_file_local(const char *path, char **json, struct bl_error *err);

#endif

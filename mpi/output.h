/* A data set on its way into a file, written by any number of ranks in blocks of rows by independent
 * transfers, then sealed: read back, compared with what was handed over, and given its checksums. The file's
 * bytes don't depend on the number of ranks or on the order of writing. */
#ifndef PAR_OUTPUT_H
#define PAR_OUTPUT_H

#include <hdf5.h>
#include <stdint.h>

#include "mpi/comm.h"

struct par_output {
    hid_t set;  /* invalid: there is no such data set */
    hid_t type; /* as stored and as handed over: hosts are little-endian */
    int64_t rows, cols, row_bytes;
    int64_t rows_written; /* by this rank */
    uint64_t written;     /* sum over those rows of a hash of row number and bytes */
    char name[128];
};

/* Creates /name [rows] (cols = 0) or [rows, cols]; takes `type`. Collective as the file is; what one rank
 * alone finds wrong is not agreed here. Errors: BL_PATH. */
int par_output_create(struct par_output *output, hid_t file, const char *name, hid_t type, int64_t rows,
                      int64_t cols, struct bl_error *err);

/* Rows [row_lo, row_lo + n), each handed over once by one rank. Local. Errors: BL_PATH. */
int par_output_write_local(struct par_output *output, int64_t row_lo, int64_t n, const void *rows,
                           const char *path, struct bl_error *err);

/* Brings what all ranks wrote into the file, where every rank can read it. Collective; agreed. Errors:
 * BL_PATH.
 */
int par_output_flush(struct par par, hid_t file, const char *path, struct bl_error *err);

/* Reads everything back, each rank its share of the blocks, and writes /checksums/name. par_output_flush
 * comes before it. Collective; agreed. Errors: BL_PATH what is read is not what was written; BL_DEFECT rows
 * were left out. */
int par_output_seal(struct par_output *output, struct par par, hid_t file, const char *path,
                    struct bl_error *err);

/* Local, safe twice and on a struct whose set and type are H5I_INVALID_HID. */
void par_output_close_local(struct par_output *output);

#endif

/* A file that one rank made, opened by all to put rows into its data sets: through MPI-IO, each rank for
 * itself. Nothing but rows is written then, so no rank has to wait for another's metadata. */
#ifndef PAR_H5_ROWS_H
#define PAR_H5_ROWS_H

#include <hdf5.h>

#include "mpi/comm.h"

/* How files are laid out and written. */
struct h5_tuning {
    const char *hints; /* for MPI-IO, "name=value, name=value"; NULL or "": none. Borrowed */
    int64_t alignment; /* data sets of at least so many bytes begin at multiples of it; 0: anywhere */
};

/* Opens the file for writing rows; alone (par.size 1) by plain calls. Collective: every rank looks first
 * whether it can write there, and they agree. Errors, agreed: BL_PATH. */
int h5_rows_open(hid_t *file, struct par par, const char *hints, const char *path, struct bl_error *err);

/* Closes without waiting for the disk. *file becomes H5I_INVALID_HID; one that is invalid is fine.
 * Collective; agreed. Errors: BL_PATH; the library is stuck then (mpi/h5.h). */
int h5_rows_close(hid_t *file, struct par par, const char *path, struct bl_error *err);

/* Those of the hints that MPI-IO took for an open file, as "name=value, ..." into text [size]; empty when the
 * file isn't open through MPI-IO. Local. */
void h5_rows_hints_local(hid_t file, const char *hints, char *text, int64_t size);

#endif

/* A file that one rank made, opened by all to put rows into its data sets through MPI-IO. Each rank opens it
 * for itself and writes by independent transfers: no call waits for another rank, so none can be left waiting
 * by one that fails. */
#ifndef PAR_H5_PARALLEL_FILE_H
#define PAR_H5_PARALLEL_FILE_H

#include <hdf5.h>

#include "mpi/ranks/comm.h"

/* How files are laid out and written. */
struct h5_tuning {
    const char *hints; /* for MPI-IO, "name=value, name=value"; NULL or "": none. Borrowed */
    int64_t alignment; /* data sets of at least so many bytes begin at multiples of it; 0: anywhere */
};

/* Has MPI-IO create an empty file with these hints, since file systems lay a file out when it is created;
 * with none, or alone, does nothing. Local: rank 0 does it before the file is made. Errors: BL_PATH. */
int h5_parallel_create(struct par par, const char *hints, const char *path, struct bl_error *err);

/* Opens the file to write rows; alone (par.size 1) by plain calls. *file is invalid on failure. Local.
 * Errors: BL_PATH. */
int h5_parallel_open(hid_t *file, struct par par, const char *hints, const char *path, struct bl_error *err);

/* Closes without waiting for the disk. *file becomes H5I_INVALID_HID; one that is invalid is fine. Local.
 * Errors: BL_PATH; the library is stuck then (mpi/h5/file.h). */
int h5_parallel_close(hid_t *file, const char *path, struct bl_error *err);

/* Those of the hints that MPI-IO keeps for an open file, as "name=value, ..." into text [size]; empty when
 * the file isn't open through MPI-IO. Local. */
void h5_parallel_hints(hid_t file, const char *hints, char *text, int64_t size);

#endif

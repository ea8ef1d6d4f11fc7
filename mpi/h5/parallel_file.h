/* A file that one rank created and every rank opens to write rows into its data sets through MPI-IO. Each
 * rank opens it by itself and writes by independent transfers: no call waits for another rank, so a rank
 * that fails leaves none waiting. Everything here is local. */
#ifndef PAR_H5_PARALLEL_FILE_H
#define PAR_H5_PARALLEL_FILE_H

#include <hdf5.h>

#include "io/output.h"
#include "mpi/ranks/comm.h"

/* How files are laid out and written: checkpoint.hints and checkpoint.alignment. */
struct h5_tuning {
    const char *hints;       /* for MPI-IO, "name=value, name=value"; NULL or "": none. Borrowed */
    enum io_replace replace; /* what may be replaced */
    int64_t alignment;       /* data sets of at least so many bytes begin at multiples of it; 0: anywhere */
};

/* Creates an empty file with these hints by MPI-IO, since a file system decides on a file's layout when it is
 * created. Rank 0 calls it before it makes the HDF5 file. Does nothing without hints or with one rank. Local.
 * Errors: BL_PATH. */
int h5_parallel_create(struct par par, const char *hints, const char *path, struct bl_error *err);

/* Opens the file to write rows, by MPI-IO or, if par.size is 1, by POSIX I/O. *file is invalid on failure.
 * Local. Errors: BL_PATH. */
int h5_parallel_open(hid_t *file, struct par par, const char *hints, const char *path, struct bl_error *err);

/* Closes the file without waiting for the disk. *file becomes H5I_INVALID_HID; an invalid one is fine. Local.
 * Errors: BL_PATH; HDF5 is stuck then (h5_is_stuck). */
int h5_parallel_close(hid_t *file, const char *path, struct bl_error *err);

/* Writes those of the hints that MPI-IO accepted for an open file into text [size], as "name=value, ...",
 * with the values it uses; empty if the file isn't open through MPI-IO. Local. */
void h5_parallel_hints(hid_t file, const char *hints, char *text, int64_t size);

#endif

/* Opening, creating and closing HDF5 files, with errors of our own. par_ functions are collective: all
 * ranks of par open the file together through MPI-IO, or by POSIX I/O if there is one rank. h5_ functions
 * are local. */
#ifndef PAR_H5_FILE_H
#define PAR_H5_FILE_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"
#include "mpi/ranks/comm.h"

/* Turns off HDF5's own error messages. The functions that open files call it. Local. */
void h5_quiet(void);

/* Opens a file for reading. Rank 0 checks it first; the outcome is agreed before all ranks open it.
 * Collective; agreed. Errors: BL_PATH (absent, no permission, a folder, locked), BL_INPUT (empty, not HDF5,
 * never closed, truncated). *file is invalid unless this rank could open it. */
int par_h5_open(hid_t *file, struct par par, const char *path, struct bl_error *err);

/* Creates a file in the latest format, or replaces one, by this process alone; a file that several ranks
 * write is created like this and then opened by each (mpi/h5/parallel_file.h). Data sets of at least
 * `alignment` bytes begin at multiples of it (0: anywhere). It records no creation time. Local. Errors:
 * BL_PATH. */
int h5_create(hid_t *file, const char *path, int64_t alignment, struct bl_error *err);

/* The file access list for all files: metadata in the latest format; MPI-IO with these hints over comm, or
 * POSIX I/O if comm is MPI_COMM_NULL. The caller closes it with H5Pclose. Local. */
hid_t h5_access_list(MPI_Comm comm, MPI_Info hints);

/* Records that a close failed; see h5_is_stuck. Local. */
void h5_set_stuck(void);

/* Opens one of our files for reading and writing, by this process alone. Local. Errors: BL_PATH. */
int h5_open_to_change(hid_t *file, const char *path, struct bl_error *err);

/* Passes everything on to the file system, for a file that only this process has open. Local. Errors:
 * BL_PATH, naming `path`, e.g. for a full disk. */
int h5_flush(hid_t file, const char *path, struct bl_error *err);

/* 1 after a flush or close has failed in this process. HDF5 can then neither close the file nor shut down
 * without a crash: the program must end by MPI_Abort or _exit. Local. */
int h5_is_stuck(void);

/* Closes a file that the ranks of par opened, after a flush if it was open for writing. *file becomes
 * H5I_INVALID_HID; an invalid one is fine. Collective; agreed. Errors: BL_PATH, naming `path`, e.g. for a
 * full disk. */
int par_h5_close(hid_t *file, struct par par, const char *path, struct bl_error *err);

/* A creation list for objects of this class that records no times, so that equal content gives equal
 * bytes. For a file this concerns its root group. The caller closes it with H5Pclose. Local. */
hid_t h5_timeless(hid_t class);

#endif

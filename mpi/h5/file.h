/* The small part of HDF5 that bitloom uses, with its errors turned into ours. Everything here is local unless
 * it says otherwise; files are opened by all ranks of par together when par.size > 1, and by plain POSIX I/O
 * when it is 1. */
#ifndef PAR_H5_FILE_H
#define PAR_H5_FILE_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"
#include "mpi/ranks/comm.h"

/* Silences HDF5's own error stack. Called by the functions that open files. */
void h5_quiet(void);

/* Opens for reading. Collective over par when par.size > 1 (rank 0 looks first, the outcome is agreed, then
 * all enter). Errors, agreed: BL_PATH (absent, permission, a folder), BL_INPUT (empty, not HDF5, truncated).
 */
int par_h5_open(hid_t *file, struct par par, const char *path, struct bl_error *err);

/* Creates a new file in the latest format (fixed-length strings only are written), by this process alone:
 * what several ranks write into they open once it is made (mpi/h5/parallel_file.h). Data sets of at least `alignment`
 * bytes begin at multiples of it (0: anywhere). Nothing in it keeps the time of its making. Errors: BL_PATH.
 */
int h5_create(hid_t *file, const char *path, int64_t alignment, struct bl_error *err);

/* What files are made and opened with: metadata in the latest format, and through MPI-IO with these hints by
 * the ranks of comm together, unless it is MPI_COMM_NULL. The caller closes it with H5Pclose. */
hid_t h5_access_list(MPI_Comm comm, MPI_Info hints);

/* After a close that failed; as h5_is_stuck. */
void h5_set_stuck(void);

/* Opens a file of ours to change it, by this process alone. Errors: BL_PATH. */
int h5_open_to_change(hid_t *file, const char *path, struct bl_error *err);

/* Hands everything to the file system. A failure, e.g. a full disk, is BL_PATH with `path` named. Local: no
 * other rank has the file open. */
int h5_flush(hid_t file, const char *path, struct bl_error *err);

/* 1 after a failed flush or close, on all ranks that took part. HDF5 can then neither close the file nor end
 * itself without a crash: the program has to end without its help, by MPI_Abort or _exit. Local. */
int h5_is_stuck(void);

/* Closes a file that the ranks of par opened, flushed if one alone writes it; a failure, e.g. a full disk, is
 * BL_PATH with `path` named. Collective; agreed. *file becomes H5I_INVALID_HID. Closing one that is invalid
 * is fine. */
int par_h5_close(hid_t *file, struct par par, const char *path, struct bl_error *err);

/* A list for creating an object of this class. Equal content is to be equal bytes, so no object keeps the time of
 * its making; for a file this is about its root group. The caller closes it with H5Pclose. Local. */
hid_t h5_timeless(hid_t class);

#endif

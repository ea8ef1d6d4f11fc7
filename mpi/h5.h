/* The small part of HDF5 that bitloom uses, with its errors turned into ours. Everything here is local unless
 * it says otherwise; files are opened by all ranks of par together when par.size > 1, and by plain POSIX I/O
 * when it is 1. */
#ifndef PAR_H5_H
#define PAR_H5_H

#include <hdf5.h>
#include <stdint.h>

#include "base/error.h"
#include "mpi/comm.h"

/* Silences HDF5's own error stack. Called by the functions that open files. */
void h5_quiet(void);

/* Opens for reading. Collective over par when par.size > 1 (rank 0 looks first, the outcome is agreed, then
 * all enter). Errors, agreed: BL_PATH (absent, permission, a folder), BL_INPUT (empty, not HDF5, truncated).
 */
int h5_open(hid_t *file, struct par par, const char *path, struct bl_error *err);

/* Creates a new file in the latest format (fixed-length strings only are written), by this process alone:
 * what several ranks write into they open once it is made (mpi/h5_rows.h). Data sets of at least `alignment`
 * bytes begin at multiples of it (0: anywhere). Nothing in it keeps the time of its making. Errors: BL_PATH.
 */
int h5_create_local(hid_t *file, const char *path, int64_t alignment, struct bl_error *err);

/* What files are made and opened with: metadata in the latest format, and through MPI-IO with these hints by
 * the ranks of comm together, unless it is MPI_COMM_NULL. The caller closes it with H5Pclose. */
hid_t h5_access_list(MPI_Comm comm, MPI_Info hints);

/* After a close that failed; as h5_is_stuck_local. */
void h5_set_stuck_local(void);

/* Opens a file of ours to change it, by this process alone. Errors: BL_PATH. */
int h5_open_to_change_local(hid_t *file, const char *path, struct bl_error *err);

/* Hands everything to the file system. A failure, e.g. a full disk, is BL_PATH with `path` named. Local: no
 * other rank has the file open. */
int h5_flush_local(hid_t file, const char *path, struct bl_error *err);

/* 1 after a failed flush or close, on all ranks that took part. HDF5 can then neither close the file nor end
 * itself without a crash: the program has to end without its help, by MPI_Abort or _exit. Local. */
int h5_is_stuck_local(void);

/* Closes a file that the ranks of par opened, flushed if one alone writes it; a failure, e.g. a full disk, is
 * BL_PATH with `path` named. Collective; agreed. *file becomes H5I_INVALID_HID. Closing one that is invalid
 * is fine. */
int h5_close(hid_t *file, struct par par, const char *path, struct bl_error *err);

/* Attributes on an object: text is fixed-length, NUL-padded; numbers are native int64 or double. The readers
 * return 1 when the attribute is there and has that kind, otherwise 0 and *out untouched. Variable-length
 * texts count as absent. */
int h5_put_text(hid_t object, const char *name, const char *text);
int h5_put_integer(hid_t object, const char *name, int64_t value);
int h5_put_real(hid_t object, const char *name, double value);
int h5_get_text(hid_t object, const char *name, char *text, int64_t size);
int h5_get_integer(hid_t object, const char *name, int64_t *value);
int h5_get_real(hid_t object, const char *name, double *value);

/* A whole array attribute of 64-bit words [n]; the reader takes 1 to `most` of them and returns 1 or 0 as
 * those above. */
int h5_put_words(hid_t object, const char *name, const uint64_t *words, int64_t n);
int h5_get_words(hid_t object, const char *name, uint64_t *words, int64_t most, int64_t *n);

/* A whole array attribute of fixed-length strings, e.g. class_names [n]. h5_get_texts allocates one block:
 * *texts [n] pointers into it, freed by one bl_free(texts). */
int h5_put_texts(hid_t object, const char *name, const char *const *texts, int64_t n);
int h5_get_texts(hid_t object, const char *name, char ***texts, int64_t *n, struct bl_error *err);

/* Makes the group unless it is there; its parents are. Returns 0, or -1. Collective as the file is. */
int h5_make_group(hid_t file, const char *name);

/* Contiguous data sets [rows, cols] (cols = 0: [rows]) of `type`, created with missing parent groups.
 * Collective. */
int h5_make_dataset(hid_t file, const char *name, hid_t type, int64_t rows, int64_t cols, hid_t *dataset,
                    struct bl_error *err);

/* Writes or reads rows [row_lo, row_lo + n) in calls of at most piece_bytes (but a row at least); 0 or -1.
 * What the two below do with 1 GiB, as MPI-IO counts bytes in an int; by itself for tests. */
int h5_move_rows(int writing, hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols,
                 void *rows, int64_t piece_bytes);

/* One contiguous block of rows by independent transfers, at most 1 GiB a call to HDF5. `what` names file and
 * data set in the message. BL_PATH when writing fails, BL_INPUT when reading does. */
int h5_write_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, const void *rows,
                  const char *what, struct bl_error *err);
int h5_read_rows(hid_t dataset, hid_t memory_type, int64_t row_lo, int64_t n, int64_t cols, void *rows,
                 const char *what, struct bl_error *err);

/* Checksums: a data set /path is cut into blocks of whole rows, about 1 MiB each, a function of its shape and
 * type alone; /checksums/path [blocks] uint64 holds XXH3-64 of each block's bytes as stored (little-endian),
 * attribute rows_per_block. */
int64_t h5_rows_per_block(int64_t row_bytes);
uint64_t h5_block_checksum(const void *bytes, int64_t n_bytes);

#endif

/* Files that appear whole or not at all. */
#ifndef BL_IO_FILE_H
#define BL_IO_FILE_H

#include <stdint.h>

#include "base/error.h"

/* Writes the bytes beside path, fsyncs and renames, then fsyncs the folder. Errors: BL_PATH; path is then
 * unchanged. */
int io_file_write(const char *path, const void *bytes, int64_t n_bytes, struct bl_error *err);

/* The last steps of the same for a file that a library wrote: fsyncs temporary, renames it to path and fsyncs
 * the folder. On failure the temporary is removed. */
int io_file_install(const char *temporary, const char *path, struct bl_error *err);

/* The name of the unfinished file for path: path + ".part". A signal that ends the process removes it (
 * io/unfinished.h) until io_file_install. BL_USAGE if it doesn't fit. */
int io_file_temporary(const char *path, char *temporary, int64_t size, struct bl_error *err);

/* Reads a whole file, or a pipe to its end, into *bytes (bl_alloc; the caller frees with bl_free), with a zero byte after the last.
 * Errors: BL_PATH; BL_INPUT above max_bytes. */
int io_file_read(const char *path, int64_t max_bytes, char **bytes, int64_t *n_bytes, struct bl_error *err);

/* Makes a folder and those above it; one that exists is fine. Errors: BL_PATH. */
int io_file_make_folder(const char *path, struct bl_error *err);

#endif

/* Small files, whole in memory; and folders. */
#ifndef BL_IO_FILE_H
#define BL_IO_FILE_H

#include <stdint.h>

#include "base/error.h"

/* Writes a file whole or not at all, by io/output.h; an older one is replaced. Errors: BL_PATH; path is then
 * unchanged. */
int io_file_write(const char *path, const void *bytes, int64_t n_bytes, struct bl_error *err);

/* Reads a whole file, or a pipe to its end, into *bytes (bl_alloc; the caller frees with bl_free), with a zero byte after the last.
 * Errors: BL_PATH; BL_INPUT above max_bytes. */
int io_file_read(const char *path, int64_t max_bytes, char **bytes, int64_t *n_bytes, struct bl_error *err);

/* Makes a folder and those above it; one that exists is fine. Errors: BL_PATH. */
int io_file_make_folder(const char *path, struct bl_error *err);

#endif

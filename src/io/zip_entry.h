/* One file within a zip archive, read in order, in bounded memory: stored or deflated, also beyond 4 GiB (zip64). */
#ifndef BL_IO_ZIP_ENTRY_H
#define BL_IO_ZIP_ENTRY_H

#include <stdint.h>

#include "base/error.h"

struct io_zip_entry; /* owns a file handle */

/* Opens the entry NAME or NAME + suffix of the archive at path; name NULL: the only one that ends in suffix. Errors:
 * BL_PATH; BL_INPUT no zip, damaged, encrypted or compressed otherwise; BL_USAGE no such entry, or several (the message
 * lists them); BL_MEMORY. */
int io_zip_entry_open(struct io_zip_entry **out, const char *path, const char *name, const char *suffix,
                      struct bl_error *err);

/* NULL is fine. */
void io_zip_entry_close(struct io_zip_entry *entry);

/* "FILE:NAME", for messages. */
const char *io_zip_entry_title(const struct io_zip_entry *entry);

/* The path of the archive. */
const char *io_zip_entry_archive(const struct io_zip_entry *entry);

/* Its size once unpacked, as the archive says. */
int64_t io_zip_entry_bytes(const struct io_zip_entry *entry);

/* Where in the archive its bytes lie if they are stored as they are; -1: they are compressed. */
int64_t io_zip_entry_place(const struct io_zip_entry *entry);

/* Reads up to n bytes; *n_read is smaller at the end only, where the checksum is compared. Errors: BL_INPUT. */
int io_zip_entry_read(struct io_zip_entry *entry, void *to, int64_t n, int64_t *n_read, struct bl_error *err);

/* Reads to the end, where the checksum is compared, and comes back to the same byte: for who reads bytes from the archive
 * itself. Errors: BL_INPUT. */
int io_zip_entry_check(struct io_zip_entry *entry, struct bl_error *err);

/* Goes back to the first byte. */
int io_zip_entry_rewind(struct io_zip_entry *entry, struct bl_error *err);

#endif

/* Sequential reading of a file, plain or gzipped, or of an entry of a zip archive. */
#ifndef BL_IO_STREAM_H
#define BL_IO_STREAM_H

#include <stdint.h>
#include <zlib.h>

#include "base/error.h"
#include "config/config.h"
#include "io/zip_entry.h"

/* Start from zero; io_stream_close is safe on a zeroed struct and twice. */
struct io_stream {
    gzFile file;              /* NULL: an entry of an archive */
    struct io_zip_entry *zip; /* NULL: a file */
    char path[BL_PATH_MAX];   /* for messages; of a file, also its path */
};

/* Errors: BL_PATH absent, unreadable or not a regular file; BL_MEMORY. */
int io_stream_open(struct io_stream *stream, const char *path, struct bl_error *err);

/* An entry of a zip archive: io_zip_entry_open. */
int io_stream_open_entry(struct io_stream *stream, const char *path, const char *name, const char *suffix,
                         struct bl_error *err);

/* A descriptor of the file in which the content lies as it is, from byte *offset on; the caller closes it. -1: it is
 * packed. Errors: BL_PATH. */
int io_stream_plain(const struct io_stream *stream, int *fd, int64_t *offset, struct bl_error *err);

/* How much of the file has been read, in percent; for a sign of progress. */
int io_stream_percent(const struct io_stream *stream);

/* The number of bytes of content, unpacked; the next read begins at the first. Cost: a gzipped file is
 * unpacked once for it. Errors: BL_INPUT damaged. */
int io_stream_measure(struct io_stream *stream, int64_t *bytes, struct bl_error *err);

/* Reads up to n bytes; *n_read is smaller at the end only. Errors: BL_INPUT the gzipped content is damaged or
 * truncated; BL_PATH unreadable. */
int io_stream_read_some(struct io_stream *stream, void *to, int64_t n, int64_t *n_read, struct bl_error *err);

/* Exactly n bytes; BL_INPUT names the byte at which the file ends instead. */
int io_stream_read(struct io_stream *stream, void *to, int64_t n, struct bl_error *err);

int io_stream_skip(struct io_stream *stream, int64_t n, struct bl_error *err);
int io_stream_rewind(struct io_stream *stream, struct bl_error *err);
void io_stream_close(struct io_stream *stream);

#endif

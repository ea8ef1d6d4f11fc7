#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"

enum { ZLIB_BYTES = 1 << 18, PASS_BYTES = 1 << 18, PIECE_BYTES = 1 << 30, PROGRESS_BYTES = 1 << 26 };

int io_stream_open(struct io_stream *stream, const char *path, struct bl_error *err)
{
    struct stat status;
    *stream = (struct io_stream){0};
    if (snprintf(stream->path, sizeof stream->path, "%s", path) >= (int)sizeof stream->path)
        return bl_fail(err, BL_USAGE, "the path %.60s... is too long", path);
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (handle < 0)
        return bl_fail_path(err, "open", path, errno);
    if (fstat(handle, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(handle);
        return bl_fail(err, BL_PATH, "%s is not a regular file; give the path of one", path);
    }
    stream->file = gzdopen(handle, "rb");
    if (!stream->file) {
        close(handle);
        return bl_fail(err, BL_MEMORY, "out of memory: reading %s", path);
    }
    gzbuffer(stream->file, ZLIB_BYTES);
    return BL_OK;
}

int io_stream_open_entry(struct io_stream *stream, const char *path, const char *name, const char *suffix,
                         struct bl_error *err)
{
    *stream = (struct io_stream){0};
    int code = io_zip_entry_open(&stream->zip, path, name, suffix, err);
    if (code == BL_OK)
        snprintf(stream->path, sizeof stream->path, "%s", io_zip_entry_title(stream->zip));
    return code;
}

int io_stream_plain(const struct io_stream *stream, int *fd, int64_t *offset, struct bl_error *err)
{
    *fd = -1;
    *offset = stream->zip ? io_zip_entry_place(stream->zip) : 0;
    if (*offset < 0 || (stream->file && !gzdirect(stream->file)))
        return BL_OK;
    const int code = stream->zip ? io_zip_entry_check(stream->zip, err) : BL_OK;
    if (code != BL_OK)
        return code;
    const char *path = stream->zip ? io_zip_entry_archive(stream->zip) : stream->path;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    return *fd >= 0 ? BL_OK : bl_fail_path(err, "open", path, errno);
}

int io_stream_percent(const struct io_stream *stream)
{
    struct stat status;
    if (stream->zip || stat(stream->path, &status) != 0 || status.st_size == 0)
        return 0;
    return (int)(100.0 * (double)gzoffset(stream->file) / (double)status.st_size);
}

static int fail_read(struct io_stream *stream, struct bl_error *err)
{
    int number;
    const char *why = gzerror(stream->file, &number);
    if (number == Z_ERRNO)
        return bl_fail_path(err, "read", stream->path, errno);
    if (number == Z_MEM_ERROR)
        return bl_fail(err, BL_MEMORY, "out of memory: unpacking %s", stream->path);
    if (number == Z_BUF_ERROR)
        return bl_fail(err, BL_INPUT, "%s is truncated: its gzipped content ends too early; fetch it again",
                       stream->path);
    return bl_fail(err, BL_INPUT, "%s is damaged (%s); fetch it again", stream->path, why);
}

int io_stream_read_some(struct io_stream *stream, void *to, int64_t n, int64_t *n_read, struct bl_error *err)
{
    char *at = to;
    if (stream->zip)
        return io_zip_entry_read(stream->zip, to, n, n_read, err);
    *n_read = 0;
    while (*n_read < n) {
        int64_t left = n - *n_read;
        int got = gzread(stream->file, at + *n_read, left < PIECE_BYTES ? (unsigned)left : PIECE_BYTES);
        int number = Z_OK;
        if (got >= 0)
            gzerror(stream->file, &number);
        if (got < 0 || number != Z_OK)
            return fail_read(stream, err);
        if (got == 0)
            break;
        *n_read += got;
    }
    return BL_OK;
}

int io_stream_read(struct io_stream *stream, void *to, int64_t n, struct bl_error *err)
{
    int64_t got;
    int code = io_stream_read_some(stream, to, n, &got, err);
    if (code == BL_OK && got < n)
        code = bl_fail(err, BL_INPUT, "%s ends at byte %lld, too early; fetch it again", stream->path,
                       (long long)(stream->zip ? io_zip_entry_bytes(stream->zip) : gztell(stream->file)));
    return code;
}

static int measure_by_reading(struct io_stream *stream, int64_t *bytes, struct bl_error *err)
{
    char *scratch = NULL;
    int64_t got = PASS_BYTES;
    *bytes = 0;
    int code = io_stream_rewind(stream, err);
    if (code == BL_OK)
        code = bl_alloc(&scratch, PASS_BYTES, 1, "unpacking a file", err);
    while (code == BL_OK && got == PASS_BYTES) {
        code = io_stream_read_some(stream, scratch, PASS_BYTES, &got, err);
        *bytes += got;
        if (*bytes % PROGRESS_BYTES == 0)
            bl_log_progress("unpacking %s to measure it: %d %%", stream->path, io_stream_percent(stream));
    }
    bl_free(&scratch);
    return code == BL_OK ? io_stream_rewind(stream, err) : code;
}

int io_stream_measure(struct io_stream *stream, int64_t *bytes, struct bl_error *err)
{
    struct stat status;
    if (stream->zip) {
        *bytes = io_zip_entry_bytes(stream->zip);
        return io_stream_rewind(stream, err);
    }
    if (!gzdirect(stream->file))
        return measure_by_reading(stream, bytes, err);
    if (stat(stream->path, &status) != 0)
        return bl_fail_path(err, "read", stream->path, errno);
    *bytes = status.st_size;
    return io_stream_rewind(stream, err);
}

/* An entry of an archive has no way to seek. */
static int skip_by_reading(struct io_stream *stream, int64_t n, struct bl_error *err)
{
    char *scratch = NULL;
    int code = bl_alloc(&scratch, PASS_BYTES, 1, "unpacking a file", err);
    for (int64_t at = 0, some; at < n && code == BL_OK; at += some) {
        some = n - at < PASS_BYTES ? n - at : PASS_BYTES;
        code = io_stream_read(stream, scratch, some, err);
    }
    bl_free(&scratch);
    return code;
}

int io_stream_skip(struct io_stream *stream, int64_t n, struct bl_error *err)
{
    if (stream->zip)
        return skip_by_reading(stream, n, err);
    return gzseek(stream->file, (z_off_t)n, SEEK_CUR) < 0 ? fail_read(stream, err) : BL_OK;
}

int io_stream_rewind(struct io_stream *stream, struct bl_error *err)
{
    if (stream->zip)
        return io_zip_entry_rewind(stream->zip, err);
    return gzrewind(stream->file) != 0 ? fail_read(stream, err) : BL_OK;
}

void io_stream_close(struct io_stream *stream)
{
    if (stream->file)
        gzclose(stream->file);
    io_zip_entry_close(stream->zip);
    stream->file = NULL;
    stream->zip = NULL;
}

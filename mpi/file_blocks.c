#include "mpi/file_blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "mpi/h5.h"

static int64_t blocks_of(const struct par_file_piece *piece)
{
    return (piece->bytes + piece->block_bytes - 1) / piece->block_bytes;
}

static int64_t block_bytes_of(const struct par_file_piece *piece, int64_t block)
{
    const int64_t left = piece->bytes - block * piece->block_bytes;
    return left < piece->block_bytes ? left : piece->block_bytes;
}

int par_file_room_init(struct par_file_room *room, const struct par_file_piece *pieces, int64_t n,
                       struct bl_error *err)
{
    int64_t most_bytes = 0, most_blocks = 0;
    for (int64_t p = 0; p < n; p++) {
        const int64_t bytes = block_bytes_of(&pieces[p], 0), blocks = blocks_of(&pieces[p]);
        most_bytes = bytes > most_bytes ? bytes : most_bytes;
        most_blocks = blocks > most_blocks ? blocks : most_blocks;
    }
    *room = (struct par_file_room){0};
    int code = bl_alloc(&room->block, most_bytes, 1, "a block to read back", err);
    if (code == BL_OK)
        code = bl_alloc(&room->sums, most_blocks, sizeof *room->sums, "checksums", err);
    if (code != BL_OK)
        par_file_room_free(room);
    return code;
}

void par_file_room_free(struct par_file_room *room)
{
    bl_free(&room->block);
    bl_free(&room->sums);
}

static int write_at(int fd, const void *bytes, int64_t n, int64_t at)
{
    const char *from = bytes;
    while (n > 0) {
        const ssize_t written = pwrite(fd, from, (size_t)n, (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? errno : ENOSPC;
        from += written;
        at += written;
        n -= written;
    }
    return 0;
}

static int read_at(int fd, void *bytes, int64_t n, int64_t at)
{
    char *to = bytes;
    while (n > 0) {
        const ssize_t read = pread(fd, to, (size_t)n, (off_t)at);
        if (read < 0 && errno == EINTR)
            continue;
        if (read <= 0)
            return read < 0 ? errno : EIO;
        to += read;
        at += read;
        n -= read;
    }
    return 0;
}

/* The disk begins with so much while more is written. */
enum { START_BYTES = 16 << 20 };

static void start_disk(int fd, int64_t *started, int64_t end, int64_t at_least)
{
    if (end - *started < at_least)
        return;
    sync_file_range(fd, (off_t)*started, (off_t)(end - *started), SYNC_FILE_RANGE_WRITE);
    *started = end;
}

/* Each block is summed up and written while it is in the cache. Returns 0 or errno. */
static int write_piece(struct par_worker *worker, int fd, const struct par_file_piece *piece, uint64_t *sums)
{
    const int64_t blocks = blocks_of(piece);
    int64_t started = piece->at;
    int reason = 0;
    for (int64_t b = 0; b < blocks && reason == 0; b++) {
        const int64_t first = b * piece->block_bytes, n = block_bytes_of(piece, b);
        sums[b] = h5_block_checksum(piece->rows + first, n);
        reason = write_at(fd, piece->rows + first, n, piece->at + first);
        start_disk(fd, &started, piece->at + first + n, b + 1 < blocks ? START_BYTES : 1);
        par_worker_tick_local(worker);
    }
    return reason ? reason : write_at(fd, sums, blocks * (int64_t)sizeof *sums, piece->sums_at);
}

static int check_piece(struct par_worker *worker, int fd, const char *path,
                       const struct par_file_piece *piece, struct par_file_room *room, struct bl_error *err)
{
    const int64_t blocks = blocks_of(piece);
    int reason = read_at(fd, room->sums, blocks * (int64_t)sizeof *room->sums, piece->sums_at);
    for (int64_t b = 0; b < blocks && reason == 0; b++) {
        const int64_t bytes = block_bytes_of(piece, b);
        reason = read_at(fd, room->block, bytes, piece->at + b * piece->block_bytes);
        if (reason == 0 && h5_block_checksum(room->block, bytes) != room->sums[b])
            return bl_fail(
                err, BL_PATH,
                "%s: '%s' reads back differently from what was written; the disk may be full or faulty", path,
                piece->name);
        par_worker_tick_local(worker);
    }
    return reason ? bl_fail_path(err, "read back", path, reason) : BL_OK;
}

static int write_pieces(struct par_worker *worker, int fd, const char *path,
                        const struct par_file_piece *pieces, int64_t n, uint64_t *sums, struct bl_error *err)
{
    int reason = 0;
    for (int64_t p = 0; p < n && reason == 0; p++)
        reason = write_piece(worker, fd, &pieces[p], sums);
    return reason ? bl_fail_path(err, "write", path, reason) : BL_OK;
}

static int check_pieces(struct par_worker *worker, int fd, const char *path,
                        const struct par_file_piece *pieces, int64_t n, struct par_file_room *room,
                        struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t p = 0; p < n && code == BL_OK; p++)
        code = check_piece(worker, fd, path, &pieces[p], room, err);
    return code;
}

int par_file_write_local(struct par_worker *worker, const char *path, const struct par_file_piece *pieces,
                         int64_t n, int check_first, struct par_file_room *room, struct bl_error *err)
{
    if (n == 0)
        return BL_OK;
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return bl_fail_path(err, "write", path, errno);
    int code = write_pieces(worker, fd, path, pieces, n, room->sums, err);
    if (code == BL_OK && check_first)
        code = check_pieces(worker, fd, path, pieces, n, room, err);
    if (code == BL_OK && fsync(fd) != 0)
        code = bl_fail_path(err, "write", path, errno);
    /* Network file systems may tell here. */
    if (close(fd) != 0 && code == BL_OK)
        code = bl_fail_path(err, "write", path, errno);
    return code;
}

int par_file_check_local(struct par_worker *worker, const char *path, const struct par_file_piece *pieces,
                         int64_t n, struct par_file_room *room, struct bl_error *err)
{
    if (n == 0)
        return BL_OK;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return bl_fail_path(err, "read back", path, errno);
    const int code = check_pieces(worker, fd, path, pieces, n, room, err);
    close(fd);
    return code;
}

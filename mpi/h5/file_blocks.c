#include "mpi/h5/file_blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "mpi/h5/table.h"

int64_t file_blocks_of(const struct file_piece *piece)
{
    return (piece->bytes + piece->block_bytes - 1) / piece->block_bytes;
}

/* The last block of a piece may be shorter. */
static int64_t block_bytes_of(const struct file_piece *piece, int64_t block)
{
    const int64_t left = piece->bytes - block * piece->block_bytes;
    return left < piece->block_bytes ? left : piece->block_bytes;
}

/* The first block of a piece is its largest. */
int file_blocks_room_init(struct file_room *room, const struct file_piece *pieces, int64_t n,
                          struct bl_error *err)
{
    int64_t most_bytes = 0, most_blocks = 0;
    for (int64_t p = 0; p < n; p++) {
        const int64_t bytes = block_bytes_of(&pieces[p], 0), blocks = file_blocks_of(&pieces[p]);
        most_bytes = bytes > most_bytes ? bytes : most_bytes;
        most_blocks = blocks > most_blocks ? blocks : most_blocks;
    }
    *room = (struct file_room){0};
    int code = bl_alloc(&room->block, most_bytes, 1, "a block to read back", err);
    if (code == BL_OK)
        code = bl_alloc(&room->sums, most_blocks, sizeof *room->sums, "checksums", err);
    if (code != BL_OK)
        file_blocks_room_free(room);
    return code;
}

void file_blocks_room_free(struct file_room *room)
{
    bl_free(&room->block);
    bl_free(&room->sums);
}

/* 0, or an errno; EIO if the file ends too early. A call may return fewer bytes than asked for. */
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

int file_blocks_reserve(const char *path, struct bl_error *err)
{
    struct stat status;
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return bl_fail_path(err, "write", path, errno);
    /* A file may have holes: without this, a full disk would show only when pages are written back. */
    const int failed = fstat(fd, &status) == 0 && status.st_size > 0 &&
                       fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, status.st_size) != 0;
    const int reason = errno;
    close(fd);
    /* Any other failure, such as EOPNOTSUPP, only means that space can't be reserved here. */
    if (!failed || (reason != ENOSPC && reason != EDQUOT))
        return BL_OK;
    return bl_fail(err, BL_PATH,
                   "can't write %s: the disk or the quota is full; make room there or choose another place",
                   path);
}

void file_blocks_sum(struct worker *worker, const struct file_piece *pieces, int64_t n)
{
    for (int64_t p = 0; p < n; p++) {
        const int64_t blocks = file_blocks_of(&pieces[p]);
        for (int64_t b = 0; b < blocks; b++) {
            const char *rows = pieces[p].rows + b * pieces[p].block_bytes;
            pieces[p].sums[b] = h5_block_checksum(rows, block_bytes_of(&pieces[p], b));
            worker_tick(worker); /* after each block, so that a large state doesn't look like a hang */
        }
    }
}

void file_blocks_start(const char *path, const struct file_piece *pieces, int64_t n)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* file_blocks_sync reports the reason later */
    for (int64_t p = 0; p < n; p++)
        sync_file_range(fd, (off_t)pieces[p].at, (off_t)pieces[p].bytes, SYNC_FILE_RANGE_WRITE);
    close(fd);
}

int file_blocks_sync(const char *path, struct bl_error *err)
{
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return bl_fail_path(err, "write", path, errno);
    int code = fsync(fd) == 0 ? BL_OK : bl_fail_path(err, "write", path, errno);
    /* Network file systems may report a failed write only at close. */
    if (close(fd) != 0 && code == BL_OK)
        code = bl_fail_path(err, "write", path, errno);
    return code;
}

/* Checksums are read from the file too: both they and the rows must have got there. */
static int check_piece(struct worker *worker, int fd, const char *path, const struct file_piece *piece,
                       struct file_room *room, struct bl_error *err)
{
    const int64_t blocks = file_blocks_of(piece);
    int reason = read_at(fd, room->sums, blocks * (int64_t)sizeof *room->sums, piece->sums_at);
    /* One block at a time: memory for one, and a tick after each. */
    for (int64_t b = 0; b < blocks && reason == 0; b++) {
        const int64_t bytes = block_bytes_of(piece, b);
        reason = read_at(fd, room->block, bytes, piece->at + b * piece->block_bytes);
        if (reason == 0 && h5_block_checksum(room->block, bytes) != room->sums[b])
            return bl_fail(
                err, BL_PATH,
                "%s: '%s' reads back differently from what was written; the disk may be full or faulty", path,
                piece->name);
        worker_tick(worker);
    }
    return reason ? bl_fail_path(err, "read back", path, reason) : BL_OK;
}

static int check_pieces(struct worker *worker, int fd, const char *path, const struct file_piece *pieces,
                        int64_t n, struct file_room *room, struct bl_error *err)
{
    int code = BL_OK;
    for (int64_t p = 0; p < n && code == BL_OK; p++)
        code = check_piece(worker, fd, path, &pieces[p], room, err);
    return code;
}

int file_blocks_check(struct worker *worker, const char *path, const struct file_piece *pieces, int64_t n,
                      struct file_room *room, struct bl_error *err)
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

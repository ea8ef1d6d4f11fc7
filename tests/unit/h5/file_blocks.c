#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "mpi/h5/file_blocks.h"
#include "mpi/h5/table.h"
#include "support/folder.h"

/* Two data sets of 3 and 1 blocks, the last of each shorter, with room before, between and behind. */
enum {
    BLOCK = 1000,
    SUMS_A = 40,
    A_AT = 100,
    A_BYTES = 2500,
    B_AT = 3001,
    B_BYTES = 7,
    SUMS_B = 3100,
    END = 4000
};

static char folder[256];

static struct {
    char rows[A_BYTES + B_BYTES];
    struct file_piece pieces[2];
    uint64_t sums[4];
    struct file_room room;
    struct worker *worker;
    struct bl_error err;
} set;

static void enter(void)
{
    cr_assert(folder_make(folder, sizeof folder));
    cr_assert_eq(chdir(folder), 0);
    const int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(ftruncate(fd, END), 0);
    close(fd);
    for (size_t i = 0; i < sizeof set.rows; i++)
        set.rows[i] = (char)(i * 31 + 1);
    set.pieces[0] = (struct file_piece){.rows = set.rows,
                                        .bytes = A_BYTES,
                                        .block_bytes = BLOCK,
                                        .at = A_AT,
                                        .sums_at = SUMS_A,
                                        .sums = set.sums,
                                        .name = "a"};
    set.pieces[1] = (struct file_piece){.rows = set.rows + A_BYTES,
                                        .bytes = B_BYTES,
                                        .block_bytes = BLOCK,
                                        .at = B_AT,
                                        .sums_at = SUMS_B,
                                        .sums = set.sums + 3,
                                        .name = "b"};
    cr_assert_eq(file_blocks_room_init(&set.room, set.pieces, 2, &set.err), BL_OK);
    cr_assert_eq(worker_create(&set.worker, &set.err), BL_OK);
}

static void leave(void)
{
    worker_destroy(set.worker);
    file_blocks_room_free(&set.room);
    file_blocks_room_free(&set.room);
    cr_assert_eq(bl_alloc_live(), 0);
    folder_remove(folder);
}

TestSuite(file_blocks, .init = enter, .fini = leave);

static int sum_all(struct worker *worker, void *path, struct bl_error *err)
{
    (void)path;
    (void)err;
    file_blocks_sum(worker, set.pieces, 2);
    return BL_OK;
}

static int sync_all(struct worker *worker, void *path, struct bl_error *err)
{
    (void)worker;
    file_blocks_start(path, set.pieces, 2);
    return file_blocks_sync(path, err);
}

static int reserve_all(struct worker *worker, void *path, struct bl_error *err)
{
    (void)worker;
    return file_blocks_reserve(path, err);
}

static int check_all(struct worker *worker, void *path, struct bl_error *err)
{
    return file_blocks_check(worker, path, set.pieces, 2, &set.room, err);
}

static int run(worker_job job, char *path)
{
    set.err = (struct bl_error){0};
    worker_begin(set.worker, job, path);
    return worker_wait(set.worker, "a test", &set.err);
}

static char bytes[END];

static void read_file(void)
{
    const int fd = open("file", O_RDONLY);
    cr_assert_eq(pread(fd, bytes, END, 0), END);
    close(fd);
}

/* As the main thread does it, through HDF5. */
static void write_pieces(void)
{
    cr_assert_eq(run(sum_all, "file"), BL_OK);
    const int fd = open("file", O_WRONLY);
    for (int p = 0; p < 2; p++) {
        const struct file_piece *piece = &set.pieces[p];
        const size_t sums = (size_t)file_blocks_of(piece) * sizeof *piece->sums;
        cr_assert_eq(pwrite(fd, piece->rows, (size_t)piece->bytes, piece->at), piece->bytes);
        cr_assert_eq(pwrite(fd, piece->sums, sums, piece->sums_at), (ssize_t)sums);
    }
    close(fd);
}

Test(file_blocks, checksums_are_those_of_blocks_and_nothing_in_the_file_changes)
{
    static char before[END];
    const uint64_t sums[4] = {h5_block_checksum(set.rows, BLOCK), h5_block_checksum(set.rows + BLOCK, BLOCK),
                              h5_block_checksum(set.rows + 2 * BLOCK, A_BYTES - 2 * BLOCK),
                              h5_block_checksum(set.rows + A_BYTES, B_BYTES)};
    write_pieces();
    cr_assert_eq(memcmp(set.sums, sums, sizeof sums), 0);
    read_file();
    memcpy(before, bytes, END);
    cr_assert_eq(run(reserve_all, "file"), BL_OK, "%s", set.err.what);
    cr_assert_eq(run(sync_all, "file"), BL_OK, "%s", set.err.what);
    cr_assert_eq(run(check_all, "file"), BL_OK, "%s", set.err.what);
    read_file();
    cr_assert_eq(memcmp(bytes, before, END), 0);
    struct stat status;
    cr_assert_eq(stat("file", &status), 0);
    cr_assert_eq(status.st_size, END);
    cr_assert_geq(status.st_blocks * 512, END, "there is room for all of it");
}

static void turn_over(int at)
{
    read_file();
    bytes[at] ^= 1;
    const int fd = open("file", O_WRONLY);
    cr_assert_eq(pwrite(fd, bytes, END, 0), END);
    close(fd);
}

Test(file_blocks, a_byte_that_changed_is_found_in_rows_and_in_checksums)
{
    static const struct {
        int at;
        const char *name;
    } places[] = {
        {A_AT, "'a'"}, {A_AT + A_BYTES - 1, "'a'"}, {SUMS_A + 8, "'a'"}, {B_AT + 6, "'b'"}, {SUMS_B, "'b'"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        write_pieces();
        turn_over(places[i].at);
        cr_assert_eq(run(check_all, "file"), BL_PATH);
        cr_assert(strstr(set.err.what, "reads back differently") && strstr(set.err.what, places[i].name),
                  "%s", set.err.what);
    }
}

Test(file_blocks, a_file_that_is_absent_or_too_short_is_an_error_of_its_path)
{
    static int (*const jobs[])(struct worker *, void *, struct bl_error *) = {reserve_all, sync_all,
                                                                              check_all};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(run(jobs[i], "absent"), BL_PATH);
        cr_assert(strstr(set.err.what, "absent"), "%s", set.err.what);
    }
    write_pieces();
    cr_assert_eq(truncate("file", B_AT), 0);
    cr_assert_eq(run(check_all, "file"), BL_PATH);
    cr_assert_eq(worker_wait(set.worker, "a test", &set.err), BL_OK, "an error is told once");
}

static int nap(struct worker *worker, void *context, struct bl_error *err)
{
    (void)worker;
    (void)err;
    usleep(200 * 1000);
    *(int *)context = 1;
    return BL_OK;
}

Test(file_blocks, a_worker_is_busy_until_its_job_is_done_and_says_how_long_it_took)
{
    int done = 0;
    cr_assert_eq(worker_is_busy(set.worker), 0);
    worker_begin(set.worker, nap, &done);
    cr_assert_eq(worker_is_busy(set.worker), 1);
    cr_assert_eq(worker_wait(set.worker, "a test", &set.err), BL_OK);
    cr_assert_eq(done, 1);
    cr_assert_eq(worker_is_busy(set.worker), 0);
    cr_assert_geq(worker_busy_s(set.worker), 0.2);
    cr_assert_gt(worker_waited_s(set.worker), 0.0);
}

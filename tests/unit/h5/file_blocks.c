#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "mpi/file_blocks.h"
#include "mpi/h5.h"
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
    struct par_file_piece pieces[2];
    uint64_t sums[4];
    struct par_file_room room;
    struct par_worker *worker;
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
    set.pieces[0] = (struct par_file_piece){.rows = set.rows,
                                            .bytes = A_BYTES,
                                            .block_bytes = BLOCK,
                                            .at = A_AT,
                                            .sums_at = SUMS_A,
                                            .sums = set.sums,
                                            .name = "a"};
    set.pieces[1] = (struct par_file_piece){.rows = set.rows + A_BYTES,
                                            .bytes = B_BYTES,
                                            .block_bytes = BLOCK,
                                            .at = B_AT,
                                            .sums_at = SUMS_B,
                                            .sums = set.sums + 3,
                                            .name = "b"};
    cr_assert_eq(par_file_room_init(&set.room, set.pieces, 2, &set.err), BL_OK);
    cr_assert_eq(par_worker_create_local(&set.worker, &set.err), BL_OK);
}

static void leave(void)
{
    par_worker_destroy_local(set.worker);
    par_file_room_free(&set.room);
    par_file_room_free(&set.room);
    cr_assert_eq(bl_alloc_live(), 0);
    folder_remove(folder);
}

TestSuite(file_blocks, .init = enter, .fini = leave);

static int sum_all(struct par_worker *worker, void *path, struct bl_error *err)
{
    (void)path;
    (void)err;
    par_file_sum_local(worker, set.pieces, 2);
    return BL_OK;
}

static int sync_all(struct par_worker *worker, void *path, struct bl_error *err)
{
    (void)worker;
    par_file_start_local(path, set.pieces, 2);
    return par_file_sync_local(path, err);
}

static int reserve_all(struct par_worker *worker, void *path, struct bl_error *err)
{
    (void)worker;
    return par_file_reserve_local(path, err);
}

static int check_all(struct par_worker *worker, void *path, struct bl_error *err)
{
    return par_file_check_local(worker, path, set.pieces, 2, &set.room, err);
}

static int run(par_worker_job job, char *path)
{
    set.err = (struct bl_error){0};
    par_worker_begin_local(set.worker, job, path);
    return par_worker_wait_local(set.worker, "a test", &set.err);
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
        const struct par_file_piece *piece = &set.pieces[p];
        const size_t sums = (size_t)par_file_blocks_local(piece) * sizeof *piece->sums;
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
    static int (*const jobs[])(struct par_worker *, void *, struct bl_error *) = {reserve_all, sync_all,
                                                                                  check_all};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(run(jobs[i], "absent"), BL_PATH);
        cr_assert(strstr(set.err.what, "absent"), "%s", set.err.what);
    }
    write_pieces();
    cr_assert_eq(truncate("file", B_AT), 0);
    cr_assert_eq(run(check_all, "file"), BL_PATH);
    cr_assert_eq(par_worker_wait_local(set.worker, "a test", &set.err), BL_OK, "an error is told once");
}

static int nap(struct par_worker *worker, void *context, struct bl_error *err)
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
    cr_assert_eq(par_worker_is_busy_local(set.worker), 0);
    par_worker_begin_local(set.worker, nap, &done);
    cr_assert_eq(par_worker_is_busy_local(set.worker), 1);
    cr_assert_eq(par_worker_wait_local(set.worker, "a test", &set.err), BL_OK);
    cr_assert_eq(done, 1);
    cr_assert_eq(par_worker_is_busy_local(set.worker), 0);
    cr_assert_geq(par_worker_busy_s_local(set.worker), 0.2);
    cr_assert_gt(par_worker_waited_s_local(set.worker), 0.0);
}

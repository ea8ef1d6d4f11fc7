#include "mpi/h5/file.h"
#include "mpi/h5/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Pieces of a few bytes stand for calls above 2^31 bytes: the same code cuts both. */

enum { ROWS = 100, COLS = 7 };

static char folder[] = "/tmp/bitloom-h5-XXXXXX", path[64];
static struct bl_error err;

static void enter(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file.h5", folder);
}

static void leave(void)
{
    unlink(path);
    rmdir(folder);
}

TestSuite(h5, .init = enter, .fini = leave);

static void fill(int32_t *rows)
{
    for (int32_t i = 0; i < ROWS * COLS; i++)
        rows[i] = 1 + i;
}

static void write_and_read(int64_t write_bytes, int64_t read_bytes)
{
    static int32_t rows[ROWS * COLS], got[ROWS * COLS];
    hid_t file, set;
    fill(rows);
    memset(got, 0, sizeof got);
    unlink(path);
    cr_assert_eq(h5_create(&file, path, 0, &err), BL_OK, "%s", err.what);
    cr_assert_eq(h5_make_dataset(file, "set", H5T_STD_I32LE, ROWS, COLS, &set, &err), BL_OK);
    cr_assert_eq(h5_move_rows(1, set, H5T_NATIVE_INT32, 0, ROWS, COLS, rows, write_bytes), 0);
    cr_assert_eq(h5_move_rows(0, set, H5T_NATIVE_INT32, 0, ROWS, COLS, got, read_bytes), 0);
    cr_assert_eq(memcmp(rows, got, sizeof rows), 0, "pieces of %lld and %lld bytes", (long long)write_bytes,
                 (long long)read_bytes);
    H5Dclose(set);
    H5Fclose(file);
}

Test(h5, rows_in_pieces_are_the_rows)
{
    static const int64_t pieces[] = {1, COLS * 4, COLS * 4 * 3 + 5, 1 << 30};
    for (int w = 0; w < 4; w++)
        for (int r = 0; r < 4; r++)
            write_and_read(pieces[w], pieces[r]);
}

Test(h5, a_block_in_pieces_leaves_the_rows_around_it)
{
    static int32_t rows[ROWS * COLS], block[10 * COLS], got[ROWS * COLS];
    hid_t file, set;
    fill(rows);
    cr_assert_eq(h5_create(&file, path, 0, &err), BL_OK, "%s", err.what);
    cr_assert_eq(h5_make_dataset(file, "set", H5T_STD_I32LE, ROWS, COLS, &set, &err), BL_OK);
    cr_assert_eq(h5_write_rows(set, H5T_NATIVE_INT32, 0, ROWS, COLS, rows, path, &err), BL_OK);
    cr_assert_eq(h5_move_rows(1, set, H5T_NATIVE_INT32, 30, 10, COLS, block, 60), 0);
    cr_assert_eq(h5_move_rows(0, set, H5T_NATIVE_INT32, 0, ROWS, COLS, got, 60), 0);
    memset(rows + 30 * COLS, 0, sizeof block);
    cr_assert_eq(memcmp(rows, got, sizeof rows), 0);
    H5Dclose(set);
    H5Fclose(file);
}

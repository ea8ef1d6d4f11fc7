#include <unistd.h>
#include <zip.h>
#include <zlib.h>

#include "support/sources.h"

/* Archives as numpy.savez writes them, made by the other half of the library that reads them. */

TestSuite(source_npz, .init = sources_enter, .fini = sources_leave);

enum { ROWS = 5000, COLS = 3 };
static float values[ROWS * COLS];
static struct io_source *rows;

/* An NPY file of float32 [n, COLS] into an open archive; level 0 stores it. */
static void put(zipFile zip, const char *name, const char *order, int64_t n, int method, int level)
{
    char head[128];
    int length =
        snprintf(head + 10, sizeof head - 10, "{'descr': '<f4', 'fortran_order': %s, 'shape': (%d, %d), }\n",
                 order, (int)n, COLS);
    memcpy(head, "\x93NUMPY\1\0", 8);
    head[8] = (char)length;
    head[9] = 0;
    cr_assert_eq(zipOpenNewFileInZip64(zip, name, NULL, NULL, 0, NULL, 0, NULL, method, level, 1), ZIP_OK);
    cr_assert_eq(zipWriteInFileInZip(zip, head, (unsigned)length + 10), ZIP_OK);
    cr_assert_eq(zipWriteInFileInZip(zip, values, (unsigned)(n * COLS * 4)), ZIP_OK);
    cr_assert_eq(zipCloseFileInZip(zip), ZIP_OK);
}

static void write_archive(int level)
{
    for (int i = 0; i < ROWS * COLS; i++)
        values[i] = (float)(i * i % 977);
    zipFile zip = zipOpen64(source_path, APPEND_STATUS_CREATE);
    put(zip, "x.npy", "False", ROWS, level > 0 ? Z_DEFLATED : 0, level);
    put(zip, "f.npy", "True", ROWS, level > 0 ? Z_DEFLATED : 0, level);
    put(zip, "note.txt", "False", 1, 0, 0);
    cr_assert_eq(zipClose(zip, NULL), ZIP_OK);
}

static int open_array(const char *name)
{
    char at[320];
    io_source_close(rows);
    rows = NULL;
    snprintf(at, sizeof at, "%s%s", source_path, name);
    return io_source_open(&rows, "npz", at, NULL, &source_err);
}

static void expect(const char *name, int turned)
{
    static float got[ROWS * COLS];
    int64_t n;
    cr_assert_eq(open_array(name), BL_OK, "%s", source_err.what);
    cr_assert_eq(io_source_info(rows)->rows, ROWS);
    cr_assert_eq(io_source_info(rows)->dim, COLS);
    cr_assert_eq(io_source_skip(rows, 7, &source_err), BL_OK);
    for (int64_t at = 7; at < ROWS; at += n)
        cr_assert_eq(io_source_read(rows, 777, got + at * COLS, NULL, NULL, &n, &source_err), BL_OK, "%s",
                     source_err.what);
    for (int64_t r = 7; r < ROWS; r++)
        for (int64_t c = 0; c < COLS; c++)
            cr_assert(got[r * COLS + c] == values[turned ? c * ROWS + r : r * COLS + c]);
    io_source_close(rows);
    rows = NULL;
}

Test(source_npz, an_array_is_read_by_its_name_stored_or_deflated)
{
    for (int level = 0; level <= 6; level += 6) {
        write_archive(level);
        expect(":x", 0);
        expect(":x.npy", 0);
    }
}

Test(source_npz, a_stored_array_may_be_in_fortran_order_and_a_deflated_one_is_refused)
{
    write_archive(0);
    expect(":f", 1);
    write_archive(6);
    expect_text(open_array(":f"), BL_INPUT, "in Fortran order and compressed; unpack it");
}

Test(source_npz, several_arrays_and_a_missing_one_are_answered_by_a_list)
{
    write_archive(0);
    expect_text(open_array(""), BL_USAGE, "say which array");
    expect_text(open_array(""), BL_USAGE, "it has x, f");
    expect_text(open_array(":y"), BL_USAGE, "has no array 'y'; it has x, f");
    write_bytes("no archive at all, but long enough", 34);
    expect_text(open_array(":x"), BL_INPUT, "is not a zip archive");
    unlink(source_path);
    expect_text(open_array(":x"), BL_PATH, "No such file");
}

static int are_rows(const float *got, int turned)
{
    int same = 1;
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t c = 0; c < COLS; c++)
            same &= got[r * COLS + c] == values[turned ? c * ROWS + r : r * COLS + c];
    return same;
}

/* Any byte may be wrong: never a crash, and never other rows. */
Test(source_npz, a_damaged_or_cut_archive_gives_the_rows_or_an_error)
{
    static char bytes[ROWS * COLS * 4 + 4096];
    static float got[ROWS * COLS];
    for (int way = 0; way < 3; way++) { /* stored, stored in Fortran order, deflated */
        const int turned = way == 1;
        const char *name = turned ? ":f" : ":x";
        write_archive(way == 2);
        FILE *file = fopen(source_path, "rb");
        const size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        for (size_t at = 0; at < size; at += 1 + size / 300) {
            int64_t n = 0;
            bytes[at] ^= 0x10;
            write_bytes(bytes, size);
            int code = open_array(name);
            if (code == BL_OK)
                code = io_source_read(rows, ROWS, got, NULL, NULL, &n, &source_err);
            cr_assert(code == BL_OK || code == BL_INPUT || code == BL_USAGE, "byte %zu: %d", at, code);
            cr_assert(code != BL_OK || n < ROWS || are_rows(got, turned), "%s: byte %zu", name, at);
            bytes[at] ^= 0x10;
            write_bytes(bytes, at);
            cr_assert_neq(open_array(name), BL_OK);
        }
        io_source_close(rows);
        rows = NULL;
    }
}

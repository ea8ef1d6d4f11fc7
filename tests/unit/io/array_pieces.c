#include <stdlib.h>

#include "support/sources.h"

/* Values that are converted are read in pieces of 2^14, whole numbers for labels in blocks of 2^18 bytes: one value
 * less, as many and one more. */
enum { PIECE = 1 << 14, MOST = 2 * PIECE + 1 };

TestSuite(array_pieces, .init = sources_enter, .fini = sources_leave);

/* NPY of big-endian integers of two bytes, [rows, 1], row i being i - 9000. */
static void write_integers(int64_t rows)
{
    static unsigned char bytes[128 + 2 * MOST];
    memset(bytes, ' ', 128);
    memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    const int n = snprintf((char *)bytes + 10, 118,
                           "{'descr': '>i2', 'fortran_order': False, 'shape': (%d, 1), }", (int)rows);
    bytes[10 + n] = ' ';
    bytes[127] = '\n';
    for (int64_t i = 0; i < rows; i++) {
        const int value = (int)i - 9000;
        bytes[128 + 2 * i] = (unsigned char)(value >> 8 & 0xff);
        bytes[129 + 2 * i] = (unsigned char)(value & 0xff);
    }
    write_bytes(bytes, 128 + 2 * (size_t)rows);
}

static const int64_t sizes[] = {PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, MOST};
enum { SIZES = sizeof sizes / sizeof *sizes };

Test(array_pieces, values_of_several_pieces_are_all_converted)
{
    static float values[MOST];
    for (int s = 0; s < SIZES; s++) {
        write_integers(sizes[s]);
        cr_assert_eq(open_fine("npy", NULL)->rows, sizes[s]);
        read_rows(sizes[s], values, NULL, NULL);
        for (int64_t i = 0; i < sizes[s]; i++)
            cr_assert_eq(values[i], (float)(i - 9000), "value %d of %d", (int)i, (int)sizes[s]);
    }
}

Test(array_pieces, whole_numbers_of_several_pieces_are_all_read_also_after_some_were_skipped)
{
    static int64_t values[MOST];
    for (int s = 0; s < SIZES; s++)
        for (int64_t skipped = 0; skipped < 2; skipped++) {
            int64_t got;
            write_integers(sizes[s]);
            open_fine("npy", NULL);
            cr_assert_eq(io_source_skip(source, skipped, &source_err), BL_OK);
            cr_assert_eq(io_source_read_integers(source, MOST, values, &got, &source_err), BL_OK);
            cr_assert_eq(got, sizes[s] - skipped);
            for (int64_t i = 0; i < got; i++)
                cr_assert_eq(values[i], i + skipped - 9000, "value %d of %d", (int)i, (int)sizes[s]);
        }
}

/* Text has no integers of its own: rows are read as floats, a block at a time. 2^16 floats are a block. */
Test(array_pieces, whole_numbers_in_text_are_read_beyond_one_block)
{
    enum { ROWS = (1 << 16) + 1 };
    static int64_t values[ROWS];
    int64_t got;
    char *text = malloc(8 * ROWS), *at = text;
    cr_assert_not_null(text);
    for (int i = 0; i < ROWS; i++)
        at += sprintf(at, "%d\n", i % 997);
    write_bytes(text, (size_t)(at - text));
    open_fine("csv", NULL);
    cr_assert_eq(io_source_read_integers(source, ROWS, values, &got, &source_err), BL_OK, "%s",
                 source_err.what);
    cr_assert_eq(got, ROWS);
    for (int i = 0; i < ROWS; i++)
        cr_assert_eq(values[i], i % 997, "value %d", i);
    free(text);
}

/* Rows of fvecs are read in blocks of 2^18 bytes: 65 of 1000 values. */
Test(array_pieces, vectors_beyond_one_block_are_all_read_also_after_some_were_skipped)
{
    enum { DIM = 1000, PER_BLOCK = 65, VECTORS = 2 * PER_BLOCK + 1 };
    static const int rows[] = {PER_BLOCK - 1, PER_BLOCK, PER_BLOCK + 1, VECTORS};
    static float file[VECTORS][DIM + 1], values[VECTORS][DIM];
    const int32_t dim = DIM;
    for (int i = 0; i < VECTORS; i++) {
        memcpy(file[i], &dim, sizeof dim);
        for (int d = 0; d < DIM; d++)
            file[i][1 + d] = (float)(i * DIM + d);
    }
    for (int r = 0; r < 4; r++)
        for (int skipped = 0; skipped < 2; skipped++) {
            write_bytes(file, (size_t)rows[r] * sizeof *file);
            cr_assert_eq(open_fine("fvecs", NULL)->rows, rows[r]);
            cr_assert_eq(io_source_skip(source, skipped, &source_err), BL_OK);
            read_rows(rows[r] - skipped, values, NULL, NULL);
            for (int i = 0; i < rows[r] - skipped; i++)
                cr_assert_eq(memcmp(values[i], &file[i + skipped][1], sizeof *values), 0, "row %d of %d", i,
                             rows[r]);
        }
}

#include "support/sources.h"

TestSuite(source_vecs, .init = sources_enter, .fini = sources_leave);

static const char floats[] = "\2\0\0\0\0\0\x80\x3f\0\0\0\xc0"
                             "\2\0\0\0\0\0\0\x40\0\0\x40\x40";
static const char bytes[] = "\3\0\0\0\1\2\xff"
                            "\3\0\0\0\4\5\6"
                            "\3\0\0\0\7\x08\x09";

Test(source_vecs, fvecs_are_rows_of_float32)
{
    float rows[4];
    write_bytes(floats, 24);
    const struct io_source_info *info = open_fine("fvecs", NULL);
    cr_assert_eq(info->rows, 2);
    cr_assert_eq(info->dim, 2);
    cr_assert_eq(info->type, BL_FLOAT32);
    read_rows(2, rows, NULL, NULL);
    cr_assert_arr_eq(rows, ((float[]){1.0f, -2.0f, 2.0f, 3.0f}), sizeof rows);
}

Test(source_vecs, bvecs_are_rows_of_bytes)
{
    uint8_t rows[9];
    write_bytes(bytes, 21);
    const struct io_source_info *info = open_fine("bvecs", NULL);
    cr_assert_eq(info->rows, 3);
    cr_assert_eq(info->dim, 3);
    cr_assert_eq(info->type, BL_UINT8);
    read_rows(3, rows, NULL, NULL);
    cr_assert_arr_eq(rows, ((uint8_t[]){1, 2, 255, 4, 5, 6, 7, 8, 9}), sizeof rows);
}

Test(source_vecs, a_gzipped_file_is_the_same_rows)
{
    uint8_t row[3];
    write_gzipped(bytes, 21);
    cr_assert_eq(open_fine("bvecs", NULL)->rows, 3);
    cr_assert_eq(io_source_skip(source, 2, &source_err), BL_OK);
    read_rows(1, row, NULL, NULL);
    cr_assert_arr_eq(row, ((uint8_t[]){7, 8, 9}), 3);
}

Test(source_vecs, a_row_of_another_length_is_refused_with_its_number)
{
    char broken[21];
    uint8_t rows[9];
    int64_t got;
    memcpy(broken, bytes, 21);
    broken[14] = 2;
    write_bytes(broken, 21);
    open_fine("bvecs", NULL);
    read_rows(1, rows, NULL, NULL);
    expect_text(io_source_read(source, 2, rows, NULL, NULL, &got, &source_err), BL_INPUT,
                "row 2 (counted from 0)");
}

Test(source_vecs, a_file_that_is_no_whole_number_of_rows_is_refused)
{
    write_bytes(floats, 23);
    expect_refused("fvecs", NULL, BL_INPUT, "23 bytes");
    write_bytes(floats, 3);
    expect_refused("fvecs", NULL, BL_INPUT, "first row");
    write_bytes(floats, 0);
    expect_refused("fvecs", NULL, BL_INPUT, "first row");
}

Test(source_vecs, the_other_format_is_noticed)
{
    write_bytes(floats, 24);
    int64_t got;
    uint8_t rows[24];
    int code = open_as("bvecs", NULL);
    if (code == BL_OK)
        code = io_source_read(source, 4, rows, NULL, NULL, &got, &source_err);
    cr_assert_eq(code, BL_INPUT);
}

Test(source_vecs, an_impossible_length_is_refused)
{
    write_bytes("\0\0\0\0", 4);
    expect_refused("fvecs", NULL, BL_INPUT, "row of 0 values");
    write_bytes("\xff\xff\xff\xff\0\0\0\0", 8);
    expect_refused("fvecs", NULL, BL_INPUT, "row of -1 values");
    write_bytes("\xff\xff\xff\x7f\0\0\0\0", 8);
    expect_refused("bvecs", NULL, BL_INPUT, "row of 2147483647 values");
}

/* A cut between two rows can't be seen: such a file is whole. */
Test(source_vecs, a_cut_within_a_row_is_refused)
{
    for (size_t cut = 0; cut < 21; cut++) {
        write_bytes(bytes, cut);
        int code = open_as("bvecs", NULL);
        cr_assert_eq(code, cut > 0 && cut % 7 == 0 ? BL_OK : BL_INPUT, "cut at %zu", cut);
    }
}

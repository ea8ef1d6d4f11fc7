#include "support/sources.h"

TestSuite(source_idx, .init = sources_enter, .fini = sources_leave);

/* Three images of 2 x 2. */
static const char images[] = "\0\0\x08\x03\0\0\0\x03\0\0\0\x02\0\0\0\x02"
                             "\x00\x01\x02\x03\x10\x11\x12\x13\xf0\xf1\xf2\xff";
enum { IMAGES_BYTES = sizeof images - 1 };

Test(source_idx, the_rows_are_the_product_of_all_dimensions_but_the_first)
{
    write_bytes(images, IMAGES_BYTES);
    const struct io_source_info *info = open_fine("idx", NULL);
    cr_assert_eq(info->rows, 3);
    cr_assert_eq(info->dim, 4);
    cr_assert_eq(info->type, BL_UINT8);
    cr_assert(info->integers);
    cr_assert_not(info->has_labels);
}

Test(source_idx, bytes_come_as_they_are)
{
    uint8_t rows[12];
    write_bytes(images, IMAGES_BYTES);
    open_fine("idx", NULL);
    read_rows(3, rows, NULL, NULL);
    cr_assert_arr_eq(rows, images + 16, 12);
}

Test(source_idx, a_gzipped_file_is_the_same_rows)
{
    uint8_t rows[12];
    write_gzipped(images, IMAGES_BYTES);
    cr_assert_eq(open_fine("idx", NULL)->rows, 3);
    read_rows(3, rows, NULL, NULL);
    cr_assert_arr_eq(rows, images + 16, 12);
}

Test(source_idx, blocks_follow_each_other_and_end_with_a_count_of_0)
{
    uint8_t rows[12];
    int64_t got;
    write_bytes(images, IMAGES_BYTES);
    open_fine("idx", NULL);
    read_rows(2, rows, NULL, NULL);
    cr_assert_eq(io_source_read(source, 2, rows + 8, NULL, NULL, &got, &source_err), BL_OK);
    cr_assert_eq(got, 1);
    cr_assert_arr_eq(rows, images + 16, 12);
    cr_assert_eq(io_source_read(source, 2, rows, NULL, NULL, &got, &source_err), BL_OK);
    cr_assert_eq(got, 0);
}

Test(source_idx, rows_can_be_passed_over)
{
    uint8_t row[4];
    for (int zipped = 0; zipped < 2; zipped++) {
        (zipped ? write_gzipped : write_bytes)(images, IMAGES_BYTES);
        open_fine("idx", NULL);
        cr_assert_eq(io_source_skip(source, 2, &source_err), BL_OK);
        read_rows(1, row, NULL, NULL);
        cr_assert_arr_eq(row, images + 24, 4);
    }
}

Test(source_idx, one_dimension_is_one_value_a_row)
{
    int64_t labels[3], got;
    write_bytes("\0\0\x08\x01\0\0\0\x03\x07\0\xff", 11);
    cr_assert_eq(open_fine("idx", NULL)->dim, 1);
    cr_assert_eq(io_source_read_integers(source, 3, labels, &got, &source_err), BL_OK);
    cr_assert_eq(got, 3);
    cr_assert_arr_eq(labels, ((int64_t[]){7, 0, 255}), sizeof labels);
}

Test(source_idx, signed_bytes_and_shorts_become_float32)
{
    float values[2];
    write_bytes("\0\0\x09\x01\0\0\0\x02\xff\x7f", 10);
    cr_assert_eq(open_fine("idx", NULL)->type, BL_FLOAT32);
    read_rows(2, values, NULL, NULL);
    cr_assert(values[0] == -1.0f && values[1] == 127.0f);
    write_bytes("\0\0\x0b\x01\0\0\0\x02\x80\x00\x01\x02", 12);
    cr_assert_eq(open_fine("idx", NULL)->type, BL_FLOAT32);
    read_rows(2, values, NULL, NULL);
    cr_assert(values[0] == -32768.0f && values[1] == 258.0f);
}

Test(source_idx, ints_become_float64)
{
    double values[2];
    write_bytes("\0\0\x0c\x01\0\0\0\x02\x80\0\0\0\x01\x02\x03\x04", 16);
    cr_assert_eq(open_fine("idx", NULL)->type, BL_FLOAT64);
    read_rows(2, values, NULL, NULL);
    cr_assert(values[0] == -2147483648.0 && values[1] == 16909060.0);
}

Test(source_idx, floats_and_doubles_keep_their_type_and_get_the_hosts_byte_order)
{
    float single[2];
    double wide;
    write_bytes("\0\0\x0d\x02\0\0\0\x01\0\0\0\x02\x3f\x80\0\0\xc0\x20\0\0", 20);
    cr_assert_eq(open_fine("idx", NULL)->type, BL_FLOAT32);
    cr_assert_not(io_source_info(source)->integers);
    read_rows(1, single, NULL, NULL);
    cr_assert(single[0] == 1.0f && single[1] == -2.5f);
    write_bytes("\0\0\x0e\x01\0\0\0\x01\x40\x09\x21\xfb\x54\x44\x2d\x18", 16);
    cr_assert_eq(open_fine("idx", NULL)->type, BL_FLOAT64);
    read_rows(1, &wide, NULL, NULL);
    cr_assert(wide == 3.141592653589793);
}

Test(source_idx, a_file_cut_anywhere_is_refused)
{
    expect_every_cut_refused("idx", images, IMAGES_BYTES);
}

Test(source_idx, a_gzipped_file_cut_anywhere_is_refused)
{
    char bytes[200];
    write_gzipped(images, IMAGES_BYTES);
    FILE *file = fopen(source_path, "rb");
    cr_assert_not_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    expect_every_cut_refused("idx", bytes, n);
}

Test(source_idx, a_size_that_differs_is_refused_with_both_counts)
{
    char longer[IMAGES_BYTES + 1] = {0};
    memcpy(longer, images, IMAGES_BYTES);
    write_bytes(images, IMAGES_BYTES - 1);
    expect_refused("idx", NULL, BL_INPUT, "holds 27 bytes but its header says 28");
    write_bytes(longer, sizeof longer);
    expect_refused("idx", NULL, BL_INPUT, "holds 29 bytes but its header says 28");
    write_gzipped(longer, sizeof longer);
    expect_refused("idx", NULL, BL_INPUT, "holds 29 bytes but its header says 28");
}

Test(source_idx, a_damaged_gzipped_file_is_refused)
{
    static char bytes[400], big[4096] = "\0\0\x08\x02\0\0\0\x10\0\0\0\xff";
    for (int i = 12; i < 4092; i++)
        big[i] = (char)(i * 7);
    write_gzipped(big, 12 + 16 * 255);
    FILE *file = fopen(source_path, "r+b");
    cr_assert_not_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    bytes[n / 2] ^= 0x55;
    rewind(file);
    fwrite(bytes, 1, n, file);
    fclose(file);
    expect_refused("idx", NULL, BL_INPUT, "rows");
}

Test(source_idx, other_bytes_are_not_idx)
{
    write_bytes("PK\3\4aaaaaaaa", 12);
    expect_refused("idx", NULL, BL_INPUT, "not an IDX file");
    write_bytes("\0\0\x0a\x01\0\0\0\0", 8);
    expect_refused("idx", NULL, BL_INPUT, "not an IDX file");
    write_bytes("\0\0\x08\x00", 4);
    expect_refused("idx", NULL, BL_INPUT, "not an IDX file");
}

Test(source_idx, dimensions_whose_product_overflows_are_refused)
{
    char head[4 + 16];
    memset(head, 0xff, sizeof head);
    memcpy(head, "\0\0\x08\x04", 4);
    write_bytes(head, sizeof head);
    expect_refused("idx", NULL, BL_INPUT, "impossibly long rows");
    write_bytes("\0\0\x0e\x03\xff\xff\xff\xff\x7f\xff\xff\xff\0\0\0\x01", 16);
    expect_refused("idx", NULL, BL_INPUT, "more bytes than are possible");
}

Test(source_idx, rows_without_values_are_refused)
{
    write_bytes("\0\0\x08\x02\0\0\0\x03\0\0\0\0", 12);
    expect_refused("idx", NULL, BL_INPUT, "without any value");
}

Test(source_idx, a_missing_file_and_a_folder_are_errors_of_the_path)
{
    expect_refused("idx", NULL, BL_PATH, "can't open");
    snprintf(source_path, sizeof source_path, "%s", source_folder);
    expect_refused("idx", NULL, BL_PATH, "not a regular file");
}

Test(source_idx, an_unknown_format_lists_those_known)
{
    write_bytes("", 0);
    expect_refused("parquet", NULL, BL_USAGE,
                   "idx, npy, npz, fvecs, bvecs, ivecs, fbin, u8bin, i8bin, ibin, csv");
}

Test(source_idx, closing_nothing_is_fine)
{
    io_source_close(NULL);
}

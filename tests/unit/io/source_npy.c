#include <math.h>

#include "support/sources.h"

TestSuite(source_npy, .init = sources_enter, .fini = sources_leave);

static char file_bytes[4096];
static size_t file_size;

/* An NPY file with that dictionary entry, and n bytes of values. */
static void write_npy(int version, const char *descr, const char *order, const char *shape,
                      const void *values, size_t n)
{
    char head[400];
    int length = snprintf(head, sizeof head, "{'descr': %s, 'fortran_order': %s, 'shape': %s, }\n", descr,
                          order, shape);
    size_t at = version == 1 ? 10 : 12;
    memcpy(file_bytes, "\x93NUMPY\0\0\0\0\0\0", 12);
    file_bytes[6] = (char)version;
    file_bytes[8] = (char)length;
    memcpy(file_bytes + at, head, (size_t)length);
    memcpy(file_bytes + at + (size_t)length, values, n);
    file_size = at + (size_t)length + n;
    write_bytes(file_bytes, file_size);
}

static void write_array(const char *descr, const char *shape, const void *values, size_t n)
{
    write_npy(1, descr, "False", shape, values, n);
}

static const float six[] = {0.0f, 1.0f, -2.5f, 1e-40f, 3e38f, 7.0f};

Test(source_npy, float32_comes_as_it_is_from_all_three_versions)
{
    for (int version = 1; version <= 3; version++) {
        float rows[6];
        write_npy(version, "'<f4'", "False", "(2, 3)", six, sizeof six);
        const struct io_source_info *info = open_fine("npy", NULL);
        cr_assert_eq(info->rows, 2);
        cr_assert_eq(info->dim, 3);
        cr_assert_eq(info->type, BL_FLOAT32);
        read_rows(2, rows, NULL, NULL);
        cr_assert_arr_eq(rows, six, sizeof six);
    }
}

Test(source_npy, a_gzipped_file_is_the_same_rows)
{
    float rows[6];
    write_array("'<f4'", "(2, 3)", six, sizeof six);
    write_gzipped(file_bytes, file_size);
    cr_assert_eq(open_fine("npy", NULL)->rows, 2);
    read_rows(2, rows, NULL, NULL);
    cr_assert_arr_eq(rows, six, sizeof six);
}

Test(source_npy, one_dimension_is_one_value_a_row_and_more_are_flattened)
{
    write_array("'<f4'", "(6,)", six, sizeof six);
    cr_assert_eq(open_fine("npy", NULL)->rows, 6);
    cr_assert_eq(io_source_info(source)->dim, 1);
    write_array("'<f4'", "(1, 3, 2, 1)", six, sizeof six);
    cr_assert_eq(open_fine("npy", NULL)->rows, 1);
    cr_assert_eq(io_source_info(source)->dim, 6);
}

Test(source_npy, the_four_types_of_ours_keep_their_type)
{
    static const struct {
        const char *descr;
        enum bl_type type;
    } kept[] = {{"'|u1'", BL_UINT8},   {"'<u1'", BL_UINT8},   {"'|b1'", BL_UINT8},   {"'<f2'", BL_FLOAT16},
                {"'>f2'", BL_FLOAT16}, {"'<f4'", BL_FLOAT32}, {"'=f4'", BL_FLOAT32}, {"'>f8'", BL_FLOAT64}};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        write_array(kept[i].descr, "(1,)", "\1\0\0\0\0\0\0\0", bl_type_bytes(kept[i].type));
        cr_assert_eq(open_fine("npy", NULL)->type, kept[i].type, "%s", kept[i].descr);
    }
}

Test(source_npy, big_endian_values_get_the_hosts_byte_order)
{
    uint16_t half;
    float single;
    double wide;
    write_array("'>f2'", "(1,)", "\x3c\x01", 2);
    open_fine("npy", NULL);
    read_rows(1, &half, NULL, NULL);
    cr_assert_eq(half, 0x3c01);
    write_array("'>f4'", "(1,)", "\xc0\x20\0\0", 4);
    open_fine("npy", NULL);
    read_rows(1, &single, NULL, NULL);
    cr_assert(single == -2.5f);
    write_array("'>f8'", "(1,)", "\xc0\x04\0\0\0\0\0\0", 8);
    open_fine("npy", NULL);
    read_rows(1, &wide, NULL, NULL);
    cr_assert(wide == -2.5);
}

Test(source_npy, short_integers_become_float32)
{
    float values[2];
    write_array("'|i1'", "(2,)", "\x80\x7f", 2);
    cr_assert_eq(open_fine("npy", NULL)->type, BL_FLOAT32);
    read_rows(2, values, NULL, NULL);
    cr_assert(values[0] == -128.0f && values[1] == 127.0f);
    write_array("'>u2'", "(2,)", "\xff\xfe\0\1", 4);
    cr_assert_eq(open_fine("npy", NULL)->type, BL_FLOAT32);
    read_rows(2, values, NULL, NULL);
    cr_assert(values[0] == 65534.0f && values[1] == 1.0f);
}

Test(source_npy, long_integers_become_float64)
{
    double values[2];
    write_array("'<i4'", "(2,)", "\0\0\0\x80\1\0\0\0", 8);
    cr_assert_eq(open_fine("npy", NULL)->type, BL_FLOAT64);
    read_rows(2, values, NULL, NULL);
    cr_assert(values[0] == -2147483648.0 && values[1] == 1.0);
    write_array("'<u4'", "(1,)", "\xff\xff\xff\xff", 4);
    open_fine("npy", NULL);
    read_rows(1, values, NULL, NULL);
    cr_assert(values[0] == 4294967295.0);
    write_array("'>i8'", "(1,)", "\xff\xff\xff\xff\xff\xff\xff\xfe", 8);
    open_fine("npy", NULL);
    read_rows(1, values, NULL, NULL);
    cr_assert(values[0] == -2.0);
}

Test(source_npy, an_integer_that_float64_does_not_hold_is_refused_with_its_row)
{
    const int64_t values[] = {1, 2, 3, ((int64_t)1 << 53), 5, ((int64_t)1 << 53) + 1};
    double rows[6];
    int64_t got;
    write_array("'<i8'", "(3, 2)", values, sizeof values);
    open_fine("npy", NULL);
    read_rows(1, rows, NULL, NULL);
    expect_text(io_source_read(source, 2, rows, NULL, NULL, &got, &source_err), BL_INPUT,
                "row 2 (counted from 0)");
    cr_assert_eq(got, 0);
}

Test(source_npy, integers_are_exact_on_their_own_path)
{
    const int64_t values[] = {INT64_MAX, INT64_MIN, ((int64_t)1 << 53) + 1};
    int64_t read[3], got;
    write_array("'<i8'", "(3,)", values, sizeof values);
    cr_assert(open_fine("npy", NULL)->integers);
    cr_assert_eq(io_source_read_integers(source, 9, read, &got, &source_err), BL_OK);
    cr_assert_eq(got, 3);
    cr_assert_arr_eq(read, values, sizeof values);
    cr_assert_eq(io_source_read_integers(source, 9, read, &got, &source_err), BL_OK);
    cr_assert_eq(got, 0);
}

Test(source_npy, an_unsigned_integer_beyond_int64_is_refused_with_its_row)
{
    const uint64_t values[] = {INT64_MAX, (uint64_t)INT64_MAX + 1};
    int64_t read[2], got;
    write_array("'<u8'", "(2,)", values, sizeof values);
    open_fine("npy", NULL);
    expect_text(io_source_read_integers(source, 2, read, &got, &source_err), BL_INPUT, "row 1");
}

Test(source_npy, whole_numbers_may_be_stored_as_floats)
{
    const float whole[] = {3.0f, -1.0f}, broken[] = {3.0f, 0.5f}, nan[] = {3.0f, (float)NAN};
    int64_t read[2], got;
    write_array("'<f4'", "(2,)", whole, sizeof whole);
    open_fine("npy", NULL);
    cr_assert_eq(io_source_read_integers(source, 2, read, &got, &source_err), BL_OK);
    cr_assert_arr_eq(read, ((int64_t[]){3, -1}), sizeof read);
    write_array("'<f4'", "(2,)", broken, sizeof broken);
    open_fine("npy", NULL);
    expect_text(io_source_read_integers(source, 2, read, &got, &source_err), BL_INPUT, "row 1");
    write_array("'<f4'", "(2,)", nan, sizeof nan);
    open_fine("npy", NULL);
    expect_text(io_source_read_integers(source, 2, read, &got, &source_err), BL_INPUT, "row 1");
}

Test(source_npy, conversion_does_not_depend_on_the_size_of_blocks)
{
    enum { ROWS = 7001, DIM = 5 };
    static char bytes[10 + 128 + ROWS * DIM * 2];
    static float all[ROWS * DIM];
    char head[118];
    memset(head, ' ', sizeof head);
    int length = snprintf(head, sizeof head, "{'descr': '>i2', 'fortran_order': False, 'shape': (%d, %d), }",
                          ROWS, DIM);
    head[length] = ' ';
    memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
    memcpy(bytes + 10, head, sizeof head);
    for (int i = 0; i < ROWS * DIM; i++) {
        bytes[128 + 2 * i] = (char)(i >> 8);
        bytes[129 + 2 * i] = (char)i;
    }
    write_bytes(bytes, 128 + ROWS * DIM * 2);
    open_fine("npy", NULL);
    read_rows(1, all, NULL, NULL);
    cr_assert_eq(io_source_skip(source, 10, &source_err), BL_OK);
    read_rows(ROWS - 11, all + 11 * DIM, NULL, NULL);
    for (int i = 11 * DIM; i < ROWS * DIM; i++)
        cr_assert_eq((int)all[i], (int16_t)i, "value %d", i);
}

Test(source_npy, fortran_order_comes_row_by_row)
{
    const float want[] = {six[0], six[2], six[4], six[1], six[3], six[5]};
    float rows[6];
    write_npy(1, "'<f4'", "True", "(2, 3)", six, sizeof six);
    open_fine("npy", NULL);
    read_rows(2, rows, NULL, NULL);
    cr_assert_arr_eq(rows, want, sizeof want);
    open_fine("npy", NULL);
    cr_assert_eq(io_source_skip(source, 1, &source_err), BL_OK);
    read_rows(1, rows, NULL, NULL);
    cr_assert_arr_eq(rows, want + 3, sizeof want / 2);
}

/* Value [r, i, j] of an array of 2 x 2 x 3 is number r + 2 i + 4 j of the file. */
Test(source_npy, fortran_order_of_three_dimensions_is_flattened_as_c_order_is)
{
    static const char numbers[24] = "\0\0\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\10\0\11\0\12\0\13";
    static const int want[] = {0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11};
    float rows[12];
    int64_t integers[12], n;
    write_npy(1, "'>i2'", "True", "(2, 2, 3)", numbers, sizeof numbers);
    open_fine("npy", NULL);
    read_rows(2, rows, NULL, NULL);
    open_fine("npy", NULL);
    cr_assert_eq(io_source_read_integers(source, 2, integers, &n, &source_err), BL_OK);
    for (int i = 0; i < 12; i++)
        cr_assert(rows[i] == (float)want[i] && integers[i] == want[i], "value %d", i);
}

Test(source_npy, fortran_order_is_read_in_several_blocks)
{
    enum { ROWS = 18 << 20, HEAD = 128, NEAR_END = ROWS - 5 };
    static uint8_t rows[2 * ROWS];
    write_npy(1, "'|u1'", "True", "(18874368, 2)", "", 0);
    cr_assert_leq(file_size, (size_t)HEAD);
    FILE *file = fopen(source_path, "r+b");
    fseek(file, (long)file_size + NEAR_END, SEEK_SET);
    fputc(7, file);
    fseek(file, (long)file_size + ROWS + NEAR_END, SEEK_SET);
    fputc(9, file);
    fseek(file, (long)file_size + 2 * ROWS - 1, SEEK_SET);
    fputc(11, file);
    fclose(file);
    open_fine("npy", NULL);
    read_rows(ROWS, rows, NULL, NULL);
    cr_assert(rows[2 * NEAR_END] == 7 && rows[2 * NEAR_END + 1] == 9 && rows[2 * ROWS - 1] == 11);
    cr_assert(rows[0] == 0 && rows[2 * ROWS - 2] == 0);
}

Test(source_npy, fortran_order_in_gzip_is_refused_with_advice)
{
    write_npy(1, "'<f4'", "True", "(2, 3)", six, sizeof six);
    write_gzipped(file_bytes, file_size);
    expect_refused("npy", NULL, BL_INPUT, "in Fortran order and compressed; unpack it");
}

Test(source_npy, a_type_that_is_not_plain_numbers_is_named)
{
    static const char *const unread[] = {"'<c8'",  "'|O'",   "'<U5'", "'|S3'",          "'<f16'",
                                         "'<u16'", "'|V12'", "'<m8'", "[('a', '<f4')]", "'"};
    for (size_t i = 0; i < sizeof unread / sizeof *unread; i++) {
        write_array(unread[i], "(1,)", six, 4);
        expect_refused("npy", NULL, BL_INPUT, "dtype");
    }
}

Test(source_npy, a_shape_that_is_no_table_is_refused)
{
    static const char *const shapes[] = {"()", "(-1,)", "(x,)", "3", "(99999999999999999999,)", "("};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        write_array("'<f4'", shapes[i], six, 4);
        expect_refused("npy", NULL, BL_INPUT, "shape");
    }
}

Test(source_npy, sizes_beyond_every_file_are_refused)
{
    write_array("'<f8'", "(4611686018427387904, 1)", six, 4);
    expect_refused("npy", NULL, BL_INPUT, "more bytes than are possible");
    write_array("'<f8'", "(2, 4611686018427387904, 4)", six, 4);
    expect_refused("npy", NULL, BL_INPUT, "shape");
}

Test(source_npy, a_head_without_an_entry_is_refused)
{
    static const char *const heads[] = {"{'fortran_order': False, 'shape': (1,)}  ",
                                        "{'descr': '<f4', 'shape': (1,)}          ",
                                        "{'descr': '<f4', 'fortran_order': False} "};
    for (size_t i = 0; i < 3; i++) {
        char bytes[64] = "\x93NUMPY\1\0";
        bytes[8] = (char)strlen(heads[i]);
        memcpy(bytes + 10, heads[i], strlen(heads[i]));
        write_bytes(bytes, 10 + strlen(heads[i]) + 4);
        expect_refused("npy", NULL, BL_INPUT, source_path);
    }
}

Test(source_npy, a_size_that_differs_is_refused)
{
    write_array("'<f4'", "(2, 3)", six, sizeof six - 1);
    expect_refused("npy", NULL, BL_INPUT, "header says");
    write_array("'<f4'", "(1, 3)", six, sizeof six);
    expect_refused("npy", NULL, BL_INPUT, "header says");
}

Test(source_npy, a_file_cut_anywhere_is_refused)
{
    char bytes[200];
    write_array("'<f4'", "(2, 3)", six, sizeof six);
    memcpy(bytes, file_bytes, file_size);
    expect_every_cut_refused("npy", bytes, file_size);
}

Test(source_npy, an_unknown_version_and_an_endless_head_are_refused)
{
    write_npy(4, "'<f4'", "False", "(1,)", six, 4);
    expect_refused("npy", NULL, BL_INPUT, "version 4");
    write_bytes("\x93NUMPY\2\0\xff\xff\xff\xff", 12);
    expect_refused("npy", NULL, BL_INPUT, "header of 4294967295 bytes");
    write_bytes("PK\3\4 a zipped file", 18);
    expect_refused("npy", NULL, BL_INPUT, "not an NPY file");
}

Test(source_npy, an_array_without_rows_opens_and_ends_at_once)
{
    int64_t got = 1;
    write_array("'<f4'", "(0, 3)", six, 0);
    cr_assert_eq(open_fine("npy", NULL)->rows, 0);
    cr_assert_eq(io_source_read(source, 5, file_bytes, NULL, NULL, &got, &source_err), BL_OK);
    cr_assert_eq(got, 0);
}

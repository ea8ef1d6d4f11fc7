#include "support/sources.h"

/* fbin, u8bin, i8bin and ibin: two uint32, rows and values of a row, then the values; and ivecs. */

TestSuite(source_bin, .init = sources_enter, .fini = sources_leave);

static char bytes[200];
static size_t size;

static void write_bin(uint32_t rows, uint32_t dim, const void *values, size_t n)
{
    const uint32_t head[] = {rows, dim};
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, values, n);
    size = sizeof head + n;
    write_bytes(bytes, size);
}

static const float six[] = {0.0f, 1.0f, -2.5f, 1e-40f, 3e38f, 7.0f};

Test(source_bin, fbin_holds_float32_also_gzipped)
{
    float got[6];
    write_bin(2, 3, six, sizeof six);
    for (int packed = 0; packed < 2; packed++) {
        const struct io_source_info *info = open_fine("fbin", NULL);
        cr_assert(info->rows == 2 && info->dim == 3 && info->type == BL_FLOAT32);
        read_rows(2, got, NULL, NULL);
        cr_assert_arr_eq(got, six, sizeof six);
        write_gzipped(bytes, size);
    }
}

Test(source_bin, u8bin_stays_bytes_and_i8bin_becomes_float32)
{
    const uint8_t values[] = {0, 127, 128, 255};
    uint8_t got[4];
    float signed_got[4];
    write_bin(4, 1, values, sizeof values);
    cr_assert_eq(open_fine("u8bin", NULL)->type, BL_UINT8);
    read_rows(4, got, NULL, NULL);
    cr_assert_arr_eq(got, values, sizeof values);
    cr_assert_eq(open_fine("i8bin", NULL)->type, BL_FLOAT32);
    read_rows(4, signed_got, NULL, NULL);
    cr_assert(signed_got[1] == 127.0f && signed_got[2] == -128.0f && signed_got[3] == -1.0f);
}

Test(source_bin, ibin_holds_integers_with_or_without_as_many_distances_behind)
{
    const int32_t values[] = {5, -1, 7, 8, 0, 0, 0, 0};
    int64_t got[4], n;
    for (size_t count = 4; count <= 8; count += 4) {
        write_bin(2, 2, values, count * sizeof *values);
        cr_assert_eq(open_fine("ibin", NULL)->rows, 2);
        cr_assert_eq(io_source_read_integers(source, 2, got, &n, &source_err), BL_OK);
        cr_assert(n == 2 && got[0] == 5 && got[1] == -1 && got[2] == 7 && got[3] == 8);
    }
}

Test(source_bin, ivecs_holds_integers_and_a_row_of_another_length_is_named)
{
    int32_t values[] = {2, 5, -1, 2, 1 << 30, 8};
    int64_t got[4], n;
    double real[4];
    write_bytes(values, sizeof values);
    cr_assert_eq(open_fine("ivecs", NULL)->dim, 2);
    cr_assert_eq(io_source_read_integers(source, 2, got, &n, &source_err), BL_OK);
    cr_assert(got[0] == 5 && got[1] == -1 && got[2] == 1 << 30 && got[3] == 8);
    open_fine("ivecs", NULL);
    read_rows(2, real, NULL, NULL);
    cr_assert(real[0] == 5.0 && real[1] == -1.0 && real[2] == 0x1p30 && real[3] == 8.0);
    values[3] = 3;
    write_bytes(values, sizeof values);
    open_fine("ivecs", NULL);
    cr_assert_eq(io_source_read_integers(source, 2, got, &n, &source_err), BL_INPUT);
    cr_assert(strstr(source_err.what, "row 1 (counted from 0) has 3 values"), "%s", source_err.what);
}

Test(source_bin, every_cut_and_absurd_heads_are_refused_in_no_memory)
{
    write_bin(2, 3, six, sizeof six);
    expect_every_cut_refused("fbin", bytes, size);
    write_bin(UINT32_MAX, UINT32_MAX, six, sizeof six);
    expect_refused("fbin", NULL, BL_INPUT, "more bytes than are possible");
    expect_refused("ibin", NULL, BL_INPUT, "more bytes than are possible");
    write_bin(UINT32_MAX, 1 << 20, six, sizeof six);
    expect_refused("fbin", NULL, BL_INPUT, "its header says");
    write_bin(2, 0, six, 0);
    expect_refused("fbin", NULL, BL_INPUT, "without any value");
}

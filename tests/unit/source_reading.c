#include "io/source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "support/folder.h"

static char folder[200], path[250];

static void open_folder(void)
{
    cr_assert(folder_make(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void close_folder(void)
{
    folder_remove(folder);
}

static void put(const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
}

static void put_gzipped(const void *bytes, unsigned n)
{
    gzFile file = gzopen(path, "wb");
    cr_assert(file);
    cr_assert_eq(gzwrite(file, bytes, n), (int)n);
    cr_assert_eq(gzclose(file), Z_OK);
}

/* Opens and reads everything in blocks of two rows; the first failure's code. */
static int read_all(const char *format, const struct io_source_options *options, void *features,
                    int32_t *labels, struct bl_error *err)
{
    struct io_source *source;
    int64_t n = 0, done = 0;
    int code = io_source_open(&source, format, path, options, err);
    if (code != BL_OK)
        return code;
    const struct io_source_info *info = io_source_info(source);
    const int64_t row_bytes = info->dim * (int64_t)bl_type_bytes(info->type);
    do {
        code = io_source_read(source, 2, (char *)features + done * row_bytes, labels ? labels + done : NULL,
                              NULL, &n, err);
        done += n;
    } while (code == BL_OK && n > 0);
    cr_assert(code != BL_OK || done == info->rows);
    io_source_close(source);
    return code;
}

static void assert_refused(const char *format, int code, const char *text)
{
    struct bl_error err = {0};
    char features[4096];
    const int64_t live = bl_alloc_live();
    cr_assert_eq(read_all(format, NULL, features, NULL, &err), code, "%s", err.what);
    cr_assert(strstr(err.what, text), "%s", err.what);
    cr_assert(strstr(err.what, path), "%s", err.what);
    cr_assert_eq(bl_alloc_live(), live);
}

TestSuite(source, .init = open_folder, .fini = close_folder);

static const unsigned char bytes_idx[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 255};

Test(source, idx_bytes_are_rows_of_all_dimensions_but_the_first)
{
    unsigned char features[6];
    struct bl_error err;
    put(bytes_idx, sizeof bytes_idx);
    cr_assert_eq(read_all("idx", NULL, features, NULL, &err), BL_OK, "%s", err.what);
    cr_assert_eq(memcmp(features, bytes_idx + 16, 6), 0);
}

Test(source, a_gzipped_idx_reads_as_the_plain_one)
{
    unsigned char features[6];
    struct bl_error err;
    put_gzipped(bytes_idx, sizeof bytes_idx);
    cr_assert_eq(read_all("idx", NULL, features, NULL, &err), BL_OK, "%s", err.what);
    cr_assert_eq(memcmp(features, bytes_idx + 16, 6), 0);
}

Test(source, idx_of_signed_numbers_is_big_endian)
{
    static const unsigned char idx[] = {0, 0, 11, 1, 0, 0, 0, 3, 0xff, 0xfe, 1, 0, 0x80, 0};
    float features[3];
    struct bl_error err;
    put(idx, sizeof idx);
    cr_assert_eq(read_all("idx", NULL, features, NULL, &err), BL_OK, "%s", err.what);
    cr_assert(features[0] == -2.0f && features[1] == 256.0f && features[2] == -32768.0f);
}

Test(source, an_idx_cut_at_any_byte_is_refused)
{
    for (size_t n = 0; n < sizeof bytes_idx; n++) {
        put(bytes_idx, n);
        assert_refused("idx", BL_INPUT, "");
    }
}

Test(source, a_byte_too_many_in_an_idx_is_refused)
{
    unsigned char longer[sizeof bytes_idx + 1] = {0};
    memcpy(longer, bytes_idx, sizeof bytes_idx);
    put(longer, sizeof longer);
    assert_refused("idx", BL_INPUT, "");
}

static void put_npy(const char *descr, const char *order, const void *values, size_t n)
{
    char file[400] = "\x93NUMPY\x01";
    int head =
        snprintf(file + 10, 200, "{'descr': '%s', 'fortran_order': %s, 'shape': (3, 1), }\n", descr, order);
    file[8] = (char)head;
    memcpy(file + 10 + head, values, n);
    put(file, 10 + (size_t)head + n);
}

Test(source, npy_floats_are_read_as_they_are)
{
    const float values[3] = {1.5f, -2.0f, 3e30f};
    float features[3];
    struct bl_error err;
    put_npy("<f4", "False", values, sizeof values);
    cr_assert_eq(read_all("npy", NULL, features, NULL, &err), BL_OK, "%s", err.what);
    cr_assert_eq(memcmp(values, features, sizeof values), 0);
}

Test(source, npy_integers_of_the_other_byte_order_are_swapped)
{
    static const unsigned char values[] = {0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 0, 1, 0, 1};
    double features[3];
    struct bl_error err;
    put_npy(">i4", "False", values, sizeof values);
    cr_assert_eq(read_all("npy", NULL, features, NULL, &err), BL_OK, "%s", err.what);
    cr_assert(features[0] == 256.0 && features[1] == -1.0 && features[2] == 65537.0);
}

Test(source, npy_in_fortran_order_is_refused)
{
    const float values[3] = {0};
    put_npy("<f4", "True", values, sizeof values);
    assert_refused("npy", BL_INPUT, "ortran");
}

Test(source, a_cut_npy_names_both_byte_counts)
{
    const float values[3] = {0};
    put_npy("<f4", "False", values, sizeof values - 1);
    assert_refused("npy", BL_INPUT, "81");
    assert_refused("npy", BL_INPUT, "82");
}

Test(source, bvecs_rows_lose_their_lengths)
{
    static const unsigned char bvecs[] = {2, 0, 0, 0, 7, 8, 2, 0, 0, 0, 9, 10};
    unsigned char features[4];
    struct bl_error err;
    put(bvecs, sizeof bvecs);
    cr_assert_eq(read_all("bvecs", NULL, features, NULL, &err), BL_OK, "%s", err.what);
    cr_assert(features[0] == 7 && features[1] == 8 && features[2] == 9 && features[3] == 10);
}

Test(source, vectors_of_other_lengths_are_refused)
{
    static const unsigned char bvecs[] = {2, 0, 0, 0, 7, 8, 1, 0, 0, 0, 9, 10};
    put(bvecs, sizeof bvecs);
    assert_refused("bvecs", BL_INPUT, "row 1");
}

static const struct io_source_options by_name = {.label_column = "kind"};

Test(source, csv_names_become_their_places_in_bytewise_order)
{
    static const char csv[] = "\xef\xbb\xbf"
                              "a,kind,b\r\n1,dog,2\r\n3,\"c,\"\"at\",\"-4\"\r\n5,dog,6";
    float features[6];
    int32_t labels[3];
    struct bl_error err;
    put(csv, sizeof csv - 1);
    cr_assert_eq(read_all("csv", &by_name, features, labels, &err), BL_OK, "%s", err.what);
    cr_assert(labels[0] == 1 && labels[1] == 0 && labels[2] == 1);
    cr_assert(features[2] == 3.0f && features[3] == -4.0f && features[5] == 6.0f);
}

Test(source, csv_numbers_stay_the_labels_they_are)
{
    static const char csv[] = "kind,a\n7,1\n-1,2\n0,3\n";
    float features[3];
    int32_t labels[3];
    struct bl_error err;
    put(csv, sizeof csv - 1);
    cr_assert_eq(read_all("csv", &by_name, features, labels, &err), BL_OK, "%s", err.what);
    cr_assert(labels[0] == 7 && labels[1] == -1 && labels[2] == 0);
}

Test(source, a_column_that_is_not_there_lists_those_that_are)
{
    static const char csv[] = "sort,width\n1,2\n";
    struct io_source *source;
    struct bl_error err;
    put(csv, sizeof csv - 1);
    cr_assert_eq(io_source_open(&source, "csv", path, &by_name, &err), BL_USAGE);
    cr_assert(strstr(err.what, "sort") && strstr(err.what, "width"), "%s", err.what);
}

Test(source, a_bad_cell_is_named_by_line_and_column)
{
    static const char csv[] = "a,b\n1,2\n3,x\n";
    put(csv, sizeof csv - 1);
    assert_refused("csv", BL_INPUT, "line 3");
    assert_refused("csv", BL_INPUT, "column 1");
}

Test(source, malformed_csv_is_refused)
{
    static const char *const texts[] = {"",           "1,2\n3\n",     "1,\"2\n", "1,2\n\n3,4\n",
                                        "1,\"2\"x\n", "0,1\n1,1e99\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put(texts[i], strlen(texts[i]));
        assert_refused("csv", BL_INPUT, "");
    }
}

#include "io/csv_labels.h"
#include "io/source.h"
#include "mpi/h5/import_format.h"
#include "support/splits.h"

/* Labels and ids that an HDF5 file holds as text. */

static struct io_source *rows;

static void end(void)
{
    io_source_close(rows);
    leave();
}

TestSuite(import_text, .init = enter, .fini = end);

static const char fixed[] = "cat dog ant dog ";
static const char *const varied[] = {"cat", "dog", "ant", "dog"};

static hid_t text_type(size_t bytes, H5T_str_t padding)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    H5Tset_strpad(type, padding);
    return type;
}

/* A file with one data set of 4 texts. */
static void write_set(size_t bytes, H5T_str_t padding, int rank, hsize_t a, hsize_t b, const void *values)
{
    hid_t type = text_type(bytes, padding);
    io_source_close(rows);
    rows = NULL;
    const struct foreign set = {"y", type, type, rank, {a, b, 1}, values, 0};
    write_foreign(&set, 1);
    H5Tclose(type);
}

static int open_with(struct io_source_options options)
{
    char at[160];
    options.column = 1;
    io_source_close(rows);
    rows = NULL;
    snprintf(at, sizeof at, "%s:/y", path);
    return io_source_open_as(&rows, &h5_import_format, at, &options, &split_err);
}

static void expect_animals(void)
{
    static const int32_t want[] = {1, 2, 0, 2};
    int32_t got[4];
    float unused[4];
    int64_t n;
    cr_assert_eq(open_with((struct io_source_options){0}), BL_OK, "%s", split_err.what);
    const struct io_source_info *info = io_source_info(rows);
    cr_assert(info->rows == 4 && info->has_labels && info->n_classes == 3 && info->max_label == 2);
    cr_assert_str_eq(info->class_names[0], "ant");
    for (int64_t at = 0; at < 4; at += n)
        cr_assert_eq(io_source_read(rows, 3, unused, got + at, NULL, &n, &split_err), BL_OK);
    cr_assert_arr_eq(got, want, sizeof want);
}

Test(import_text, texts_of_any_padding_length_and_shape_are_names_of_classes)
{
    write_set(4, H5T_STR_SPACEPAD, 1, 4, 1, fixed);
    expect_animals();
    write_set(4, H5T_STR_NULLPAD, 2, 4, 1, "cat\0dog\0ant\0dog\0");
    expect_animals();
    write_set(3, H5T_STR_NULLPAD, 2, 1, 4, "catdogantdog");
    expect_animals();
    write_set(H5T_VARIABLE, H5T_STR_NULLTERM, 1, 4, 1, varied);
    expect_animals();
    write_set(H5T_VARIABLE, H5T_STR_NULLTERM, 2, 1, 4, varied);
    expect_animals();
}

Test(import_text, numbers_in_text_are_numbers_and_known_names_keep_their_class)
{
    static const char *const numbers[] = {"7", "-1", "0", "7"}, *const known[] = {"dog", "cat"};
    int32_t got[4];
    float unused[4];
    int64_t n;
    write_set(H5T_VARIABLE, H5T_STR_NULLTERM, 1, 4, 1, numbers);
    cr_assert_eq(open_with((struct io_source_options){0}), BL_OK);
    cr_assert(io_source_info(rows)->n_classes == 0 && io_source_info(rows)->max_label == 7);
    cr_assert_eq(io_source_read(rows, 4, unused, got, NULL, &n, &split_err), BL_OK);
    cr_assert(got[0] == 7 && got[1] == -1 && got[2] == 0 && got[3] == 7);
    write_set(4, H5T_STR_SPACEPAD, 1, 4, 1, fixed);
    cr_assert_eq(open_with((struct io_source_options){.class_names = known, .n_class_names = 2}), BL_OK);
    cr_assert_eq(io_source_read(rows, 4, unused, got, NULL, &n, &split_err), BL_OK);
    cr_assert(got[0] == 1 && got[1] == 0 && got[2] == 2 && got[3] == 0);
}

Test(import_text, ids_are_padded_to_the_longest)
{
    static const char *const ids[] = {"a", "photo 17", "c", "d"};
    char got[32];
    int64_t n;
    write_set(H5T_VARIABLE, H5T_STR_NULLTERM, 1, 4, 1, ids);
    cr_assert_eq(open_with((struct io_source_options){.as_ids = 1}), BL_OK, "%s", split_err.what);
    cr_assert(io_source_info(rows)->has_ids && io_source_info(rows)->id_bytes == 8);
    memset(got, 'x', sizeof got);
    cr_assert_eq(io_source_read(rows, 4, NULL, NULL, got, &n, &split_err), BL_OK);
    cr_assert_arr_eq(got, "a\0\0\0\0\0\0\0photo 17c\0\0\0\0\0\0\0d\0\0\0\0\0\0", 32);
}

static void expect_refused(int as_ids, const char *text)
{
    cr_assert_eq(open_with((struct io_source_options){.as_ids = as_ids}), BL_INPUT);
    cr_assert(strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
}

Test(import_text, empty_overlong_and_several_texts_are_refused_with_their_row)
{
    static char large[2000];
    const char *values[] = {"a", "b", "", "d"};
    memset(large, 'l', sizeof large - 1);
    write_set(H5T_VARIABLE, H5T_STR_NULLTERM, 1, 4, 1, values);
    expect_refused(0, "row 2 (counted from 0): the label is empty");
    expect_refused(1, "row 2 (counted from 0): the id is empty");
    values[2] = large;
    write_set(H5T_VARIABLE, H5T_STR_NULLTERM, 1, 4, 1, values);
    expect_refused(0, "1-based row 3: the label is longer than 255 bytes");
    expect_refused(1, "row 2 (counted from 0): the id is longer than 1024 bytes");
    write_set(4, H5T_STR_SPACEPAD, 2, 2, 2, fixed);
    expect_refused(0, "several texts a row");
    expect_refused(1, "several texts a row");
}

Test(import_text, texts_beyond_64_MiB_at_a_time_are_refused_in_no_memory)
{
    const char *values[] = {"a", NULL, NULL, "d"};
    char *large = malloc((33 << 20) + 1);
    memset(large, 'l', 33 << 20);
    large[33 << 20] = '\0';
    values[1] = values[2] = large;
    write_set(H5T_VARIABLE, H5T_STR_NULLTERM, 1, 4, 1, values);
    free(large);
    expect_refused(1, "than 64 MiB of text");
    cr_assert_null(rows);
}

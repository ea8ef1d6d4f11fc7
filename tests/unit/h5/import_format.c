#include "mpi/h5/import_format.h"
#include "io/source.h"
#include "mpi/h5/attribute.h"
#include "support/splits.h"

/* Any data set of an HDF5 file as rows to import. */

static hid_t file;
static struct io_source *rows;

static void begin(void)
{
    enter();
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

static void end(void)
{
    io_source_close(rows);
    leave();
}

TestSuite(import_format, .init = begin, .fini = end);

static void add(const char *name, hid_t stored, hid_t memory, int rank, hsize_t a, hsize_t b,
                const void *values)
{
    const struct foreign set = {name, stored, memory, rank, {a, b, 1}, values, 0};
    add_foreign(file, &set);
}

static void turn(const char *name)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    h5_put_text(set, "MATLAB_class", "double");
    H5Dclose(set);
}

static int open_at(const char *name, int column)
{
    char at[160];
    const struct io_source_options options = {.column = column};
    if (file >= 0)
        H5Fclose(file);
    file = H5I_INVALID_HID;
    io_source_close(rows);
    rows = NULL;
    snprintf(at, sizeof at, "%s%s", path, name);
    return io_source_open_as(&rows, &h5_import_format, at, &options, &split_err);
}

static void expect_shape(int64_t n, int64_t dim, enum bl_type type)
{
    const struct io_source_info *info = io_source_info(rows);
    cr_assert_eq(info->rows, n);
    cr_assert_eq(info->dim, dim);
    cr_assert_eq(info->type, type);
}

static void expect_refused(const char *name, int code, const char *text)
{
    cr_assert_eq(open_at(name, 0), code, "%s", split_err.what);
    cr_assert(strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
}

Test(import_format, rows_come_as_they_are_stored_in_either_byte_order)
{
    const char *const names[] = {":/little", ":/big"};
    float got[6];
    int64_t n;
    add("little", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, 3, 2, six);
    add("big", H5T_IEEE_F32BE, H5T_NATIVE_FLOAT, 2, 3, 2, six);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(open_at(names[i], 0), BL_OK, "%s", split_err.what);
        expect_shape(3, 2, BL_FLOAT32);
        cr_assert_eq(io_source_read(rows, 2, got, NULL, NULL, &n, &split_err), BL_OK);
        cr_assert_eq(io_source_read(rows, 2, got + 4, NULL, NULL, &n, &split_err), BL_OK);
        cr_assert_eq(n, 1);
        cr_assert_arr_eq(got, six, sizeof six);
    }
}

Test(import_format, what_matlab_wrote_is_turned_in_blocks_of_any_size)
{
    float got[6];
    int64_t n;
    const float want[] = {six[0], six[3], six[1], six[4], six[2], six[5]};
    add("x", H5T_IEEE_F64LE, H5T_NATIVE_FLOAT, 2, 2, 3, six);
    turn("x");
    for (int64_t step = 1; step <= 3; step++) {
        cr_assert_eq(open_at(":/x", 0), BL_OK, "%s", split_err.what);
        expect_shape(3, 2, BL_FLOAT64);
        double wide[6];
        for (int64_t at = 0; at < 3; at += n)
            cr_assert_eq(io_source_read(rows, step, wide + 2 * at, NULL, NULL, &n, &split_err), BL_OK);
        for (int i = 0; i < 6; i++)
            got[i] = (float)wide[i];
        cr_assert_arr_eq(got, want, sizeof want);
    }
}

Test(import_format, a_vector_in_a_row_is_one_value_a_row_where_that_is_wanted)
{
    const double labels[] = {1.0, 3.0, 2.0};
    int64_t got[3], n;
    add("row", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, 1, 3, labels);
    add("matlab_row", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, 3, 1, labels);
    add("matlab_column", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, 1, 3, labels);
    turn("matlab_row");
    turn("matlab_column");
    const char *const names[] = {":/row", ":/matlab_row", ":/matlab_column"};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(open_at(names[i], 1), BL_OK, "%s", split_err.what);
        expect_shape(3, 1, BL_FLOAT64);
        cr_assert_eq(io_source_read_integers(rows, 3, got, &n, &split_err), BL_OK, "%s", split_err.what);
        cr_assert(got[0] == 1 && got[1] == 3 && got[2] == 2, "%s", names[i]);
    }
    cr_assert_eq(open_at(":/row", 0), BL_OK);
    expect_shape(1, 3, BL_FLOAT64);
}

Test(import_format, integers_become_the_smallest_exact_type_and_are_exact_as_labels)
{
    const int64_t large[] = {INT64_MAX, 5};
    const uint64_t larger[] = {UINT64_MAX, 5};
    int64_t got[2], n;
    double values[2];
    add("i8", H5T_STD_I8LE, H5T_NATIVE_INT64, 1, 1, 0, large + 1);
    add("i32", H5T_STD_I32BE, H5T_NATIVE_INT64, 1, 1, 0, large + 1);
    add("i64", H5T_STD_I64LE, H5T_NATIVE_INT64, 1, 2, 0, large);
    add("u64", H5T_STD_U64LE, H5T_NATIVE_UINT64, 1, 2, 0, larger);
    cr_assert_eq(open_at(":/i8", 0), BL_OK);
    expect_shape(1, 1, BL_FLOAT32);
    cr_assert_eq(open_at(":/i32", 0), BL_OK);
    expect_shape(1, 1, BL_FLOAT64);
    cr_assert_eq(io_source_read(rows, 1, values, NULL, NULL, &n, &split_err), BL_OK);
    cr_assert(values[0] == 5.0);
    cr_assert_eq(open_at(":/i64", 0), BL_OK);
    cr_assert_eq(io_source_read_integers(rows, 2, got, &n, &split_err), BL_OK);
    cr_assert(got[0] == INT64_MAX && got[1] == 5);
    cr_assert_eq(open_at(":/i64", 0), BL_OK);
    cr_assert_eq(io_source_read(rows, 2, values, NULL, NULL, &n, &split_err), BL_INPUT);
    cr_assert(strstr(split_err.what, "row 0 (counted from 0): an integer is beyond 2^53"), "%s",
              split_err.what);
    cr_assert_eq(open_at(":/u64", 0), BL_OK);
    cr_assert_eq(io_source_read_integers(rows, 2, got, &n, &split_err), BL_INPUT);
}

Test(import_format, a_name_that_is_missing_is_answered_by_what_is_there)
{
    add("train", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, 3, 2, six);
    add("neighbors", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, 1, 2, six);
    expect_refused("", BL_USAGE, ":/train; it has /neighbors [1, 2] float32, /train [3, 2] float32");
    expect_refused(":/tarin", BL_USAGE, "has no data set /tarin; it has /neighbors");
    expect_refused("x:/train", BL_PATH, "No such file");
}

Test(import_format, text_partly_written_and_damaged_data_sets_are_refused)
{
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    add("text", text, text, 1, 2, 0, "one two");
    H5Tclose(text);
    add("empty", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, 3, 2, NULL);
    expect_refused(":/text", BL_INPUT, "values of type text of 4 bytes");
    expect_refused(":/empty", BL_INPUT, "never written");
    cr_assert_eq(truncate(path, 900), 0);
    expect_refused(":/text", BL_INPUT, "truncated or damaged");
}

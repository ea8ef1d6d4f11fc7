#include "mpi/h5/row_file.h"
#include "support/splits.h"

/* Rows that are read without HDF5, from the middle of a file on: blocks of 4 rows, the last of one row. */
enum { DIM = 1 << 18, ROWS = 13, PER_BLOCK = 4 };

TestSuite(row_file, .init = enter, .fini = leave);

static uint8_t rows[ROWS * DIM];
static struct par_dataset *dataset;
static struct row_file *file;

static void write_rows(void)
{
    const struct split_writer_options options = options_of(BL_UINT8, ROWS, DIM);
    for (int64_t i = 0; i < ROWS * DIM; i++)
        rows[i] = (uint8_t)(i / DIM * 17 + i % 251);
    write_split("train", &options, rows, NULL, NULL);
}

static void open_rows(int64_t lo, int64_t hi)
{
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(par_dataset_row_file_local(dataset, lo, hi, &file, &split_err), BL_OK, "%s", split_err.what);
}

static void close_rows(void)
{
    row_file_close(file);
    par_dataset_close(dataset);
}

static int read_row(int64_t row)
{
    const void *found;
    int code = row_file_row(file, row, &found, &split_err);
    if (code == BL_OK)
        cr_assert_eq(memcmp(found, rows + row * DIM, DIM), 0, "row %d", (int)row);
    return code;
}

Test(row_file, rows_are_right_in_any_order_from_any_row_on)
{
    write_rows();
    for (int64_t lo = 0; lo < ROWS; lo++) {
        open_rows(lo, ROWS);
        for (int64_t row = ROWS - 1; row >= lo; row--)
            cr_assert_eq(read_row(row), BL_OK, "row %d from %d on: %s", (int)row, (int)lo, split_err.what);
        for (int64_t row = lo; row < ROWS; row++)
            cr_assert_eq(read_row(row), BL_OK, "row %d from %d on: %s", (int)row, (int)lo, split_err.what);
        close_rows();
    }
}

static void turn_over(int64_t row)
{
    char byte;
    hid_t h5 = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(h5, "train/features", H5P_DEFAULT);
    const long at = (long)H5Dget_offset(set) + (long)(row * DIM + 9);
    H5Dclose(set);
    H5Fclose(h5);
    FILE *bytes = fopen(path, "r+b");
    cr_assert_eq(fseek(bytes, at, SEEK_SET), 0);
    cr_assert_eq(fread(&byte, 1, 1, bytes), 1);
    cr_assert_eq(fseek(bytes, at, SEEK_SET), 0);
    fputc(byte ^ 1, bytes);
    fclose(bytes);
}

Test(row_file, a_changed_byte_is_told_as_often_as_its_block_is_asked_for)
{
    write_rows();
    turn_over(6);
    for (int64_t lo = 0; lo < 5; lo += 4) {
        open_rows(lo, ROWS);
        for (int again = 0; again < 2; again++)
            for (int64_t row = 7; row >= 4; row--) {
                cr_assert_eq(read_row(row), BL_INPUT, "row %d", (int)row);
                cr_assert_not_null(strstr(split_err.what, "'features' is damaged in rows 4 to 7"), "%s",
                                   split_err.what);
                cr_assert_eq(read_row(8), BL_OK);
                cr_assert_eq(read_row(row), BL_INPUT);
            }
        close_rows();
    }
}

#include "mpi/files/codes.h"
#include "mpi/files/model.h"
#include "mpi/files/verify.h"
#include "mpi/h5/attribute.h"
#include "support/splits.h"

/* A file of ours says that it is whole, by an attribute that is written last. */
TestSuite(finished, .init = enter, .fini = leave);

static void write_whole(void)
{
    static const uint8_t rows[4] = {1, 2, 3, 4};
    const struct split_writer_options options = options_of(BL_UINT8, 2, 2);
    unlink(path);
    write_split("train", &options, rows, NULL, NULL);
}

/* complete: the value it gets, -1: it is removed. */
static void change(int complete)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    if (complete < 0)
        cr_assert_geq(H5Adelete(file, "complete"), 0);
    else
        cr_assert_eq(h5_put_integer(file, "complete", complete), 0);
    H5Fclose(file);
}

static int verify(void)
{
    char summary[200];
    return verify_file(path, summary, sizeof summary, &split_err);
}

Test(finished, a_file_of_ours_that_does_not_say_so_is_not_intact)
{
    write_whole();
    cr_assert_eq(verify(), BL_OK, "%s", split_err.what);
    for (int complete = -1; complete < 3; complete++) {
        write_whole();
        change(complete);
        cr_assert_eq(verify(), complete == 1 ? BL_OK : BL_INPUT, "complete: %d", complete);
        cr_assert(complete == 1 || strstr(split_err.what, "was never finished"), "%s", split_err.what);
    }
}

Test(finished, an_unfinished_file_is_not_read)
{
    struct par_dataset *dataset;
    write_whole();
    change(0);
    cr_assert_eq(open_split(&dataset, "train"), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, "was never finished"), "%s", split_err.what);
}

Test(finished, a_file_of_ours_without_checksums_is_not_intact)
{
    write_whole();
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    cr_assert_geq(H5Ldelete(file, "checksums", H5P_DEFAULT), 0);
    H5Fclose(file);
    cr_assert_eq(verify(), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, "its checksums are missing"), "%s", split_err.what);
}

/* The number of rows of a block, and what the last block has. */
Test(finished, every_block_of_a_data_set_is_compared)
{
    enum { DIM = 1 << 18, BLOCKS = 3, ROWS = 4 * BLOCKS + 1 }; /* 4 rows are 1 MiB */
    static uint8_t rows[ROWS * DIM];
    const struct split_writer_options options = options_of(BL_UINT8, ROWS, DIM);
    char said[64];
    write_split("train", &options, rows, NULL, NULL);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT),
          set = H5Dopen2(file, "train/features", H5P_DEFAULT);
    const long at = (long)H5Dget_offset(set);
    H5Dclose(set);
    H5Fclose(file);
    for (long row = 0; row < ROWS; row += 3) {
        for (int flipped = 1; flipped >= 0; flipped--) {
            FILE *bytes = fopen(path, "r+b");
            cr_assert_eq(fseek(bytes, at + row * DIM + row, SEEK_SET), 0);
            fputc(flipped, bytes);
            fclose(bytes);
            cr_assert_eq(verify(), flipped ? BL_INPUT : BL_OK, "row %ld", row);
            const long last = row / 4 * 4 + 3 < ROWS ? row / 4 * 4 + 3 : ROWS - 1;
            snprintf(said, sizeof said, "is damaged in rows %ld to %ld", row / 4 * 4, last);
            cr_assert(!flipped || strstr(split_err.what, said), "%s", split_err.what);
        }
    }
}

#include "mpi/files/codes.h"
#include "mpi/h5/attribute.h"
#include "mpi/h5/checked_column.h"
#include "support/splits.h"

/* Blocks of 3 rows: three whole ones and one of a single row. */
enum { ROWS = 10, DIM = 300000, PER_BLOCK = 3, ID_BYTES = 60000 };

static uint8_t features[ROWS * DIM], got[ROWS * DIM];
static char ids[ROWS * ID_BYTES];
static const int32_t labels[ROWS] = {0, 1, 2, -1, 3, 4, 5, 6, 7, 8};

TestSuite(checked, .init = enter, .fini = leave);

static struct par_dataset *open_train(void)
{
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    return dataset;
}

static void write_train(void)
{
    struct split_writer_options options = options_of(BL_UINT8, ROWS, DIM);
    options.labels = bl_label_layout(BL_LABELS_SINGLE, 0);
    options.id_bytes = ID_BYTES;
    for (int i = 0; i < ROWS * DIM; i++)
        features[i] = (uint8_t)(i * 31 % 251);
    memset(ids, 'x', sizeof ids);
    write_split("train", &options, features, labels, ids);
}

/* Turns over one byte of a data set where it lies in the file, which nobody has open. */
static void flip(const char *name, int64_t place)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT);
    cr_assert_geq(set, 0);
    const long at = (long)H5Dget_offset(set) + (long)place;
    H5Dclose(set);
    H5Fclose(file);
    FILE *bytes = fopen(path, "r+b");
    cr_assert_eq(fseek(bytes, at, SEEK_SET), 0);
    const int value = fgetc(bytes);
    fseek(bytes, at, SEEK_SET);
    fputc(value ^ 1, bytes);
    fclose(bytes);
}

static int read_features(struct par_dataset *dataset, int64_t lo, int64_t n)
{
    memset(got, 0xee, sizeof got);
    return par_dataset_read_local(dataset, lo, n, got, NULL, NULL, &split_err);
}

Test(checked, every_range_of_rows_comes_back_whatever_was_read_before)
{
    write_train();
    struct par_dataset *dataset = open_train();
    for (int64_t lo = 0; lo < ROWS; lo++)
        for (int64_t n = 1; lo + n <= ROWS; n++) {
            cr_assert_eq(read_features(dataset, lo, n), BL_OK, "%s", split_err.what);
            cr_assert_eq(memcmp(got, features + lo * DIM, (size_t)(n * DIM)), 0, "%d rows from %d", (int)n,
                         (int)lo);
            for (int64_t i = n * DIM; i < ROWS * DIM; i += DIM)
                cr_assert_eq(got[i], 0xee, "it wrote beyond the %d rows from %d", (int)n, (int)lo);
        }
    par_dataset_close(dataset);
}

Test(checked, blocks_are_compared_in_any_order)
{
    write_train();
    struct par_dataset *dataset = open_train();
    for (int64_t row = ROWS - 1; row >= 0; row--)
        cr_assert_eq(read_features(dataset, row, 1), BL_OK, "%s", split_err.what);
    par_dataset_close(dataset);
}

/* Checksums are read in lots of H5_CHECKED_SUMS. */
Test(checked, a_file_may_have_more_blocks_than_checksums_are_read_at_once)
{
    enum { BLOCKS = H5_CHECKED_SUMS + 3, HALF = (1 << 19) + 1 }; /* a block is one row */
    struct split_writer_options options = options_of(BL_UINT8, BLOCKS, HALF);
    uint8_t *many = calloc(BLOCKS, HALF);
    cr_assert_not_null(many);
    for (int i = 0; i < BLOCKS; i++)
        many[i * HALF] = (uint8_t)i;
    write_split("train", &options, many, NULL, NULL);
    struct par_dataset *dataset = open_train();
    cr_assert_eq(par_dataset_read_local(dataset, 0, BLOCKS, many, NULL, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    for (int i = 0; i < BLOCKS; i++)
        cr_assert_eq(many[i * HALF], i);
    cr_assert_eq(par_dataset_read_local(dataset, 1, 1, many, NULL, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    par_dataset_close(dataset);
    free(many);
}

static void expect_found(struct par_dataset *dataset, int64_t lo, int64_t n, int64_t row)
{
    char rows[64];
    const int64_t first = row / PER_BLOCK * PER_BLOCK, last = first + PER_BLOCK < ROWS ? first + 2 : ROWS - 1;
    snprintf(rows, sizeof rows, "'features' is damaged in rows %d to %d", (int)first, (int)last);
    const int touched = lo <= last && lo + n > first;
    cr_assert_eq(read_features(dataset, lo, n), touched ? BL_INPUT : BL_OK, "%d rows from %d", (int)n,
                 (int)lo);
    if (touched)
        cr_assert_not_null(strstr(split_err.what, rows), "%s", split_err.what);
}

Test(checked, a_changed_byte_is_found_from_any_row_of_its_block_and_from_no_other)
{
    static const int64_t damaged[] = {0, 4, 8, 9};
    write_train();
    for (int i = 0; i < 4; i++) {
        flip("train/features", damaged[i] * DIM + DIM / 2);
        struct par_dataset *dataset = open_train();
        for (int64_t lo = 0; lo < ROWS; lo++)
            for (int64_t n = 1; lo + n <= ROWS; n += 2)
                expect_found(dataset, lo, n, damaged[i]);
        par_dataset_close(dataset);
        flip("train/features", damaged[i] * DIM + DIM / 2);
    }
}

Test(checked, the_message_names_file_split_and_data_set)
{
    write_train();
    flip("train/features", 0);
    struct par_dataset *dataset = open_train();
    cr_assert_eq(read_features(dataset, 1, 1), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, path), "%s", split_err.what);
    cr_assert_not_null(strstr(split_err.what, "split 'train': 'features' is damaged"), "%s", split_err.what);
    par_dataset_close(dataset);
}

Test(checked, labels_come_back_through_the_comparison)
{
    write_train();
    struct par_dataset *dataset = open_train();
    uint32_t read[ROWS];
    cr_assert_eq(par_dataset_read_local(dataset, 2, 3, NULL, read, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read, labels + 2, 3 * sizeof *read);
    par_dataset_close(dataset);
}

Test(checked, a_changed_label_is_found)
{
    write_train();
    flip("train/labels", 4);
    struct par_dataset *dataset = open_train();
    uint32_t read[ROWS];
    cr_assert_eq(par_dataset_read_local(dataset, 2, 3, NULL, read, NULL, &split_err), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, "'labels' is damaged in rows 0 to 9"), "%s", split_err.what);
    par_dataset_close(dataset);
}

Test(checked, a_changed_id_is_found)
{
    write_train();
    flip("train/ids", 5 * ID_BYTES);
    struct par_dataset *dataset = open_train();
    cr_assert_eq(par_dataset_read_local(dataset, 0, 1, NULL, NULL, (char *)got, &split_err), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, "'ids' is damaged in rows 0 to 9"), "%s", split_err.what);
    par_dataset_close(dataset);
}

Test(checked, a_changed_checksum_is_found)
{
    write_train();
    flip("checksums/train/features", 8);
    struct par_dataset *dataset = open_train();
    cr_assert_eq(read_features(dataset, 0, PER_BLOCK), BL_OK, "%s", split_err.what);
    cr_assert_eq(read_features(dataset, PER_BLOCK, 1), BL_INPUT);
    par_dataset_close(dataset);
}

Test(checked, rows_longer_than_a_block_are_blocks_of_their_own)
{
    enum { LONG = (1 << 20) + 7 };
    struct split_writer_options options = options_of(BL_UINT8, 2, LONG);
    memset(features, 3, sizeof features);
    write_split("train", &options, features, NULL, NULL);
    flip("train/features", 2 * LONG - 1);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(read_features(dataset, 0, 1), BL_OK, "%s", split_err.what);
    cr_assert_eq(read_features(dataset, 0, 2), BL_INPUT);
    par_dataset_close(dataset);
}

Test(checked, checksums_of_another_shape_are_refused)
{
    write_train();
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t sums = H5Dopen2(file, "checksums/train/features", H5P_DEFAULT);
    h5_put_integer(sums, "rows_per_block", PER_BLOCK + 1);
    H5Dclose(sums);
    H5Fclose(file);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, "the checksums of 'train/features' don't fit"), "%s",
                       split_err.what);
}

Test(checked, a_file_by_others_has_nothing_to_compare_with)
{
    struct foreign set = features_of_three_rows();
    float read[6];
    write_foreign(&set, 1);
    flip("train/features", 0);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(par_dataset_read_local(dataset, 0, 3, read, NULL, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    par_dataset_close(dataset);
}

Test(checked, a_changed_code_is_found)
{
    enum { CODES = 50000, BYTES = 32 }; /* two blocks, of 32768 rows and the rest */
    struct par_codes_info info = {.rows = CODES, .bits = 8 * BYTES};
    struct par_codes_writer *writer;
    cr_assert_eq(par_codes_create(&writer, par_alone(), path, &info, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_eq(par_codes_write_local(writer, 0, CODES, features, NULL, NULL, &split_err), BL_OK);
    cr_assert_eq(par_codes_commit(writer, &split_err), BL_OK, "%s", split_err.what);
    par_codes_destroy(writer);
    flip("codes", 40000 * BYTES);
    struct par_codes *codes;
    cr_assert_eq(par_codes_open(&codes, par_alone(), path, &split_err), BL_OK, "%s", split_err.what);
    cr_assert_eq(par_codes_read_local(codes, 0, 32768, got, NULL, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_eq(par_codes_read_local(codes, 0, CODES, got, NULL, NULL, &split_err), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, "'codes' is damaged in rows 32768 to 49999"), "%s",
                       split_err.what);
    par_codes_close(codes);
}

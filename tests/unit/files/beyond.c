#include "mpi/files/codes.h"
#include "mpi/h5/attribute.h"
#include "support/splits.h"

/* More rows than groups or numbers of ids are read at a time: one less, as many, one more. */
enum { GROUPS_AT_A_TIME = 1 << 17, IDS_AT_A_TIME = 512, MOST = GROUPS_AT_A_TIME + 1 };

TestSuite(beyond, .init = enter, .fini = leave);

static uint8_t features[MOST];
static uint32_t groups[MOST], got[MOST];

static void expect_groups(int64_t rows, int64_t words)
{
    struct par_dataset *dataset;
    struct split_writer *writer;
    struct split_writer_options options = options_of(BL_UINT8, rows, 1);
    options.groups = bl_group_layout(words);
    for (int64_t i = 0; i < rows * words; i++)
        groups[i] = (uint32_t)(3 * i + 1); /* ascending in a row, as they are packed */
    unlink(path);
    cr_assert_eq(split_create(&writer, path, "train", &options, &split_err), BL_OK, "%s", split_err.what);
    cr_assert_eq(split_put_groups(writer, rows, groups, &split_err), BL_OK, "%s", split_err.what);
    cr_assert_eq(split_append(writer, rows, features, NULL, NULL, &split_err), BL_OK, "%s", split_err.what);
    cr_assert_eq(split_commit(writer, &split_err), BL_OK, "%s", split_err.what);
    split_destroy(writer);
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    for (int64_t from = 0; from < 2; from++) {
        memset(got, 0xee, sizeof got);
        cr_assert_eq(par_dataset_read_groups_local(dataset, from, rows - from, got, &split_err), BL_OK);
        for (int64_t i = 0; i < (rows - from) * words; i++)
            cr_assert_eq(got[i], groups[i + from * words], "group %d of %d rows", (int)i, (int)rows);
    }
    par_dataset_close(dataset);
}

Test(beyond, groups_come_back_for_any_number_of_rows)
{
    for (int64_t more = -1; more <= 1; more++) {
        expect_groups(GROUPS_AT_A_TIME + more, 1);
        expect_groups(GROUPS_AT_A_TIME / 4 + more, 4 - (more > 0));
    }
}

Test(beyond, numbers_as_ids_come_back_for_any_number_of_rows)
{
    static int32_t numbers[2 * IDS_AT_A_TIME + 1];
    static char ids[(2 * IDS_AT_A_TIME + 1) * 32];
    static const hsize_t sizes[] = {IDS_AT_A_TIME - 1, IDS_AT_A_TIME, IDS_AT_A_TIME + 1,
                                    2 * IDS_AT_A_TIME + 1};
    for (int i = 0; i < 2 * IDS_AT_A_TIME + 1; i++)
        numbers[i] = 7 * i - 100;
    for (int s = 0; s < 4; s++) {
        struct par_dataset *dataset;
        const struct foreign sets[] = {
            {"train/features", H5T_STD_U8LE, H5T_NATIVE_UINT8, 2, {sizes[s], 1}, features, 0},
            {"train/ids", H5T_STD_I32LE, H5T_NATIVE_INT32, 1, {sizes[s]}, numbers, 0}};
        write_foreign(sets, 2);
        cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
        const int64_t bytes = dataset_split(dataset)->id_bytes, rows = (int64_t)sizes[s];
        cr_assert_leq(bytes, 32);
        cr_assert_eq(par_dataset_read_local(dataset, 0, rows, NULL, NULL, ids, &split_err), BL_OK);
        for (int64_t i = 0; i < rows; i++) {
            char id[33] = "", expected[16];
            memcpy(id, ids + i * bytes, (size_t)bytes);
            snprintf(expected, sizeof expected, "%d", numbers[i]);
            cr_assert_str_eq(id, expected, "row %d of %d", (int)i, (int)rows);
        }
        par_dataset_close(dataset);
    }
}

/* Of any row, the last of a file, too. */
Test(beyond, bits_set_behind_a_code_are_refused_with_their_row)
{
    static uint8_t codes[3][2] = {{255, 15}, {1, 0}, {255, 15}};
    const struct foreign set = {"codes", H5T_STD_U8LE, H5T_NATIVE_UINT8, 2, {3, 2}, codes, 0};
    uint8_t rows[3][2];
    for (int bad = -1; bad < 3; bad++) {
        struct par_codes *file;
        char said[64];
        for (int i = 0; i < 3; i++)
            codes[i][1] = i == bad ? 16 : 15;
        write_foreign(&set, 1);
        hid_t h5 = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        cr_assert_eq(h5_put_integer(h5, "bits", 12), 0);
        H5Fclose(h5);
        cr_assert_eq(par_codes_open(&file, par_alone(), path, &split_err), BL_OK, "%s", split_err.what);
        cr_assert_eq(par_codes_read_local(file, 0, 3, rows[0], NULL, NULL, &split_err),
                     bad < 0 ? BL_OK : BL_INPUT, "row %d", bad);
        snprintf(said, sizeof said, "row %d of 'codes' has bits set beyond its 12 bits", bad);
        cr_assert(bad < 0 || strstr(split_err.what, said), "%s", split_err.what);
        par_codes_close(file);
    }
}

#include "mpi/h5/attribute.h"
#include "support/splits.h"

#include <sys/stat.h>

static void expect_failure(const char *split, int code, const char *text)
{
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, split), code, "%s", split_err.what);
    cr_assert_null(dataset);
    cr_assert_not_null(strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
}

static void expect_refusal(const struct foreign *sets, int n, const char *text)
{
    write_foreign(sets, n);
    expect_failure("train", BL_INPUT, text);
}

static void write_bytes_split(const char *split, uint8_t value)
{
    uint8_t features[20];
    memset(features, value, sizeof features);
    struct split_writer_options options = options_of(BL_UINT8, 5, 4);
    write_split(split, &options, features, NULL, NULL);
}

static int64_t file_bytes(void)
{
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    return status.st_size;
}

TestSuite(dataset_refuses, .init = enter, .fini = leave);

Test(dataset_refuses, a_missing_split_is_a_usage_error_that_lists_those_there_are)
{
    write_bytes_split("train", 1);
    write_bytes_split("test", 2);
    expect_failure("trian", BL_USAGE, "test, train");
}

Test(dataset_refuses, a_name_that_can_not_be_a_split_is_a_usage_error)
{
    write_bytes_split("train", 1);
    expect_failure("", BL_USAGE, "split");
    expect_failure("train/features", BL_USAGE, "split");
    expect_failure(".", BL_USAGE, "split");
    expect_failure("checksums", BL_USAGE, "split");
}

Test(dataset_refuses, a_file_without_any_split_is_refused)
{
    write_foreign(NULL, 0);
    expect_failure("train", BL_INPUT, "no splits");
}

Test(dataset_refuses, a_split_without_features_is_refused)
{
    struct foreign set = features_of_three_rows();
    set.name = "train/featurs";
    expect_refusal(&set, 1, "features");
}

Test(dataset_refuses, a_data_set_in_the_place_of_a_split_is_refused)
{
    struct foreign set = features_of_three_rows();
    set.name = "train";
    expect_refusal(&set, 1, "has no splits, as /train/features would be one, but /train [3, 2] float32");
}

Test(dataset_refuses, a_group_in_the_place_of_features_is_refused)
{
    struct foreign set = features_of_three_rows();
    set.name = "train/features/deep";
    expect_refusal(&set, 1, "not a data set");
}

Test(dataset_refuses, features_of_one_dimension_are_refused)
{
    struct foreign set = features_of_three_rows();
    set.rank = 1;
    set.extent[0] = 6;
    expect_refusal(&set, 1, "[6]");
}

Test(dataset_refuses, labels_of_three_dimensions_are_refused)
{
    struct foreign sets[] = {features_of_three_rows(),
                             {"train/labels", H5T_STD_I32LE, H5T_NATIVE_FLOAT, 3, {3, 1, 2}, six, 0}};
    expect_refusal(sets, 2, "3 dimensions");
}

/* As `import` does it. */
Test(dataset_refuses, features_of_three_dimensions_are_flattened)
{
    struct par_dataset *dataset;
    for (int packed = 0; packed < 2; packed++) {
        struct foreign set = {"train/features", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 3, {2, 3, 1}, six, packed};
        float got[3];
        write_foreign(&set, 1);
        cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
        cr_assert_eq(dataset_split(dataset)->dim, 3);
        cr_assert_eq(par_dataset_read_local(dataset, 1, 1, got, NULL, NULL, &split_err), BL_OK);
        cr_assert_arr_eq(got, six + 3, sizeof got);
        par_dataset_close(dataset);
    }
}

Test(dataset_refuses, what_matlab_wrote_is_transposed_and_refused_with_the_way_in)
{
    struct foreign set = features_of_three_rows();
    write_foreign(&set, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), features = H5Dopen2(file, set.name, H5P_DEFAULT);
    h5_put_text(features, "MATLAB_class", "single");
    H5Dclose(features);
    H5Fclose(file);
    expect_failure("train", BL_INPUT,
                   "written by MATLAB, so its [3, 2] is transposed; take it in by bitloom import");
}

Test(dataset_refuses, features_without_rows_or_columns_are_refused)
{
    struct foreign set = features_of_three_rows();
    set.extent[0] = 0;
    set.values = NULL;
    expect_refusal(&set, 1, "0 rows");
    set.extent[0] = 3;
    set.extent[1] = 0;
    expect_refusal(&set, 1, "0 columns");
}

Test(dataset_refuses, features_of_other_types_are_refused)
{
    const hid_t types[] = {H5T_STD_I8LE, H5T_STD_U16LE, H5T_STD_I32LE};
    struct foreign set = features_of_three_rows();
    for (int i = 0; i < 3; i++) {
        set.stored = types[i];
        expect_refusal(&set, 1, "uint8, float16, float32 or float64");
    }
}

Test(dataset_refuses, two_bytes_that_are_not_an_ieee_half_are_refused)
{
    hid_t bfloat = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(bfloat, 15, 7, 8, 0, 7);
    H5Tset_size(bfloat, 2);
    struct foreign set = features_of_three_rows();
    set.stored = bfloat;
    expect_refusal(&set, 1, "uint8, float16, float32 or float64");
    H5Tclose(bfloat);
}

Test(dataset_refuses, features_that_were_never_written_are_refused)
{
    struct foreign set = features_of_three_rows();
    set.values = NULL;
    expect_refusal(&set, 1, "never written");
}

Test(dataset_refuses, labels_of_another_number_of_rows_are_refused_with_both_numbers)
{
    struct foreign sets[] = {
        features_of_three_rows(),
        {"train/labels", H5T_STD_I32LE, H5T_NATIVE_INT, 1, {4}, (const int[]){0, 1, 2, 3}, 0}};
    expect_refusal(sets, 2, "'labels' has 4 rows but 'features' has 3");
}

Test(dataset_refuses, ids_of_another_number_of_rows_are_refused_with_both_numbers)
{
    struct foreign sets[] = {features_of_three_rows(),
                             {"train/ids", H5T_STD_I32LE, H5T_NATIVE_INT, 1, {2}, (const int[]){0, 1}, 0}};
    expect_refusal(sets, 2, "'ids' has 2 rows but 'features' has 3");
}

Test(dataset_refuses, labels_that_are_text_are_refused)
{
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    struct foreign sets[] = {features_of_three_rows(),
                             {"train/labels", text, text, 1, {3}, "cat\0dog\0cat\0", 0}};
    expect_refusal(sets, 2, "'labels' are text");
    H5Tclose(text);
}

Test(dataset_refuses, ids_of_variable_length_are_refused)
{
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    const char *ids[] = {"a", "b", "c"};
    struct foreign sets[] = {features_of_three_rows(), {"train/ids", text, text, 1, {3}, ids, 0}};
    expect_refusal(sets, 2, "fixed length");
    H5Tclose(text);
}

Test(dataset_refuses, an_absent_file_is_a_path_error)
{
    expect_failure("train", BL_PATH, path);
}

Test(dataset_refuses, a_file_that_is_not_hdf5_is_refused)
{
    FILE *file = fopen(path, "w");
    fputs("1,2,3\n", file);
    fclose(file);
    expect_failure("train", BL_INPUT, path);
}

Test(dataset_refuses, a_truncated_file_is_refused)
{
    write_bytes_split("train", 1);
    cr_assert_eq(truncate(path, file_bytes() - 30), 0);
    expect_failure("train", BL_INPUT, path);
}

Test(dataset_refuses, another_kind_of_our_files_is_refused_by_its_kind)
{
    struct foreign set = features_of_three_rows();
    write_foreign(&set, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    h5_put_text(file, "format", "bitloom model");
    H5Fclose(file);
    expect_failure("train", BL_INPUT, "bitloom model");
}

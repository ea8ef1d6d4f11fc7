#include <math.h>

#include "support/splits.h"

TestSuite(label_shapes, .init = enter, .fini = leave);

enum { ROWS = 3 };

/* A split of three rows whose labels are values of `memory`, stored as `stored`: [3], [3, cols]. */
static struct par_dataset *open_labels(hid_t stored, hid_t memory, hsize_t cols, const void *values)
{
    struct par_dataset *dataset;
    struct foreign sets[] = {features_of_three_rows(),
                             {"train/labels", stored, memory, cols > 0 ? 2 : 1, {ROWS, cols}, values, 0}};
    unlink(path);
    write_foreign(sets, 2);
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    return dataset;
}

static void expect_words(struct par_dataset *dataset, enum bl_label_kind kind, const int32_t *expected)
{
    uint32_t words[ROWS];
    cr_assert_eq(dataset_split(dataset)->labels.kind, kind);
    cr_assert_eq(par_dataset_read_local(dataset, 0, ROWS, NULL, words, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(words, expected, sizeof words);
    par_dataset_close(dataset);
}

static void expect_unreadable(struct par_dataset *dataset, const char *text)
{
    uint32_t words[ROWS];
    cr_assert_eq(par_dataset_read_local(dataset, 0, ROWS, NULL, words, NULL, &split_err), BL_INPUT);
    cr_assert(strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
    par_dataset_close(dataset);
}

Test(label_shapes, a_column_vector_holds_one_class_a_row_whatever_its_values)
{
    const int high[] = {7, 0, -1}, low[] = {1, 0, 1};
    expect_words(open_labels(H5T_STD_I64LE, H5T_NATIVE_INT, 1, high), BL_LABELS_SINGLE, high);
    expect_words(open_labels(H5T_STD_U8LE, H5T_NATIVE_INT, 1, low), BL_LABELS_SINGLE, low);
}

Test(label_shapes, whole_numbers_stored_as_floats_are_classes)
{
    const double values[] = {7, 0, -1};
    const int32_t expected[] = {7, 0, -1};
    expect_words(open_labels(H5T_IEEE_F64BE, H5T_NATIVE_DOUBLE, 0, values), BL_LABELS_SINGLE, expected);
    expect_words(open_labels(H5T_IEEE_F32LE, H5T_NATIVE_DOUBLE, 1, values), BL_LABELS_SINGLE, expected);
}

Test(label_shapes, a_matrix_of_floats_is_a_matrix)
{
    const double values[] = {1, 0, 0, 1, 1, 1};
    expect_words(open_labels(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, values), BL_LABELS_MULTI,
                 (int32_t[]){1, 2, 3});
}

Test(label_shapes, fractions_and_what_is_no_number_are_refused_with_their_row)
{
    expect_unreadable(open_labels(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, (double[]){1, 0.5, 2}),
                      "row 1 of 'labels' has 0.5; only whole numbers");
    expect_unreadable(open_labels(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, (double[]){1, 2, NAN}),
                      "row 2 of 'labels' has");
    expect_unreadable(open_labels(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, (double[]){1, 2, 1e300}),
                      "row 2 has the label");
    expect_unreadable(open_labels(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, (double[]){1, 0, 0, 1, 0.25, 1}),
                      "row 2 of 'labels' has 0.25");
    expect_unreadable(open_labels(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, (double[]){1, 0, 0, 1, 258, 1}),
                      "row 2, column 0 of 'labels' is neither 0 nor 1");
}

Test(label_shapes, booleans_are_classes_or_a_matrix)
{
    const int8_t values[] = {1, 0, 1, 1, 1, 0};
    hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8); /* as h5py does */
    H5Tenum_insert(boolean, "FALSE", &(int8_t){0});
    H5Tenum_insert(boolean, "TRUE", &(int8_t){1});
    expect_words(open_labels(boolean, boolean, 0, values), BL_LABELS_SINGLE, (int32_t[]){1, 0, 1});
    expect_words(open_labels(boolean, boolean, 2, values), BL_LABELS_MULTI, (int32_t[]){1, 3, 1});
    H5Tclose(boolean);
}

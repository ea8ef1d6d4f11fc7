#include "support/splits.h"

TestSuite(dataset, .init = enter, .fini = leave);

static void round_trip(enum bl_type type)
{
    enum { ROWS = 700, DIM = 3 };
    size_t bytes = (size_t)(ROWS * DIM) * bl_type_bytes(type);
    uint8_t written[ROWS * DIM * 8], read[ROWS * DIM * 8];
    for (size_t i = 0; i < sizeof written; i++)
        written[i] = (uint8_t)(i * 37 % 113);
    memset(read, 0xff, sizeof read);
    struct split_writer_options options = options_of(type, ROWS, DIM);
    write_split("train", &options, written, NULL, NULL);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    const struct par_split *split = dataset_split(dataset);
    cr_assert_eq(split->type, type);
    cr_assert_eq(split->rows, ROWS);
    cr_assert_eq(split->dim, DIM);
    cr_assert_eq(split->labels.kind, BL_LABELS_NONE);
    cr_assert(split->has_checksums);
    cr_assert_eq(par_dataset_read_local(dataset, 0, ROWS, read, NULL, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read, written, bytes);
    par_dataset_close(dataset);
}

Test(dataset, bytes_come_back_as_they_were_written)
{
    round_trip(BL_UINT8);
}
Test(dataset, half_precision_comes_back_as_it_was_written)
{
    round_trip(BL_FLOAT16);
}
Test(dataset, single_precision_comes_back_as_it_was_written)
{
    round_trip(BL_FLOAT32);
}
Test(dataset, double_precision_comes_back_as_it_was_written)
{
    round_trip(BL_FLOAT64);
}

Test(dataset, any_range_of_rows_can_be_read)
{
    uint8_t features[40], read[8];
    for (int i = 0; i < 40; i++)
        features[i] = (uint8_t)i;
    struct split_writer_options options = options_of(BL_UINT8, 10, 4);
    write_split("train", &options, features, NULL, NULL);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK);
    cr_assert_eq(par_dataset_read_local(dataset, 7, 2, read, NULL, NULL, &split_err), BL_OK);
    cr_assert_arr_eq(read, features + 28, 8);
    cr_assert_eq(par_dataset_read_local(dataset, 10, 0, read, NULL, NULL, &split_err), BL_OK);
    cr_assert_eq(par_dataset_read_local(dataset, 9, 2, read, NULL, NULL, &split_err), BL_DEFECT);
    par_dataset_close(dataset);
}

Test(dataset, labels_ids_and_class_names_come_back)
{
    static const char *const names[] = {"cat", "a dog", "m\xc3\xbcsli"};
    const uint8_t features[4] = {1, 2, 3, 4};
    const int32_t labels[4] = {2, -1, 0, 1};
    const char ids[4 * 5] = "ab\0\0\0cdefg\0\0\0\0\0x\0\0\0\0";
    struct split_writer_options options = options_of(BL_UINT8, 4, 1);
    options.labels = bl_label_layout(BL_LABELS_SINGLE, 3);
    options.id_bytes = 5;
    options.n_class_names = 3;
    options.class_names = names;
    write_split("train", &options, features, labels, ids);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    const struct par_split *split = dataset_split(dataset);
    cr_assert_eq(split->labels.kind, BL_LABELS_SINGLE);
    cr_assert_eq(split->labels.classes, 3);
    cr_assert_eq(split->id_bytes, 5);
    cr_assert_eq(split->n_class_names, 3);
    for (int i = 0; i < 3; i++)
        cr_assert_str_eq(split->class_names[i], names[i]);
    uint32_t read_labels[4];
    char read_ids[20];
    cr_assert_eq(par_dataset_read_local(dataset, 0, 4, NULL, read_labels, read_ids, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read_labels, labels, sizeof labels);
    cr_assert_arr_eq(read_ids, ids, sizeof read_ids);
    par_dataset_close(dataset);
}

Test(dataset, many_labels_a_row_come_back_packed)
{
    enum { ROWS = 3, CLASSES = 40 };
    const uint8_t features[ROWS] = {0};
    uint8_t labels[ROWS * CLASSES] = {0};
    labels[0] = labels[39] = labels[CLASSES + 33] = 1;
    struct split_writer_options options = options_of(BL_UINT8, ROWS, 1);
    options.labels = bl_label_layout(BL_LABELS_MULTI, CLASSES);
    write_split("train", &options, features, labels, NULL);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(dataset_split(dataset)->labels.kind, BL_LABELS_MULTI);
    cr_assert_eq(dataset_split(dataset)->labels.words, 2);
    uint32_t words[ROWS * 2];
    const uint32_t expected[ROWS * 2] = {1u, 1u << 7, 0u, 1u << 1, 0u, 0u};
    cr_assert_eq(par_dataset_read_local(dataset, 0, ROWS, NULL, words, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(words, expected, sizeof words);
    par_dataset_close(dataset);
}

/* ---- reading what others wrote ---- */

static void foreign_single(hid_t stored, int packed)
{
    struct foreign set = features_of_three_rows();
    set.stored = stored;
    set.packed = packed;
    write_foreign(&set, 1);
    struct par_dataset *dataset;
    float read[6];
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_not(dataset_split(dataset)->has_checksums);
    cr_assert_eq(dataset_split(dataset)->type, BL_FLOAT32);
    cr_assert_eq(par_dataset_read_local(dataset, 0, 3, read, NULL, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read, six, sizeof read);
    par_dataset_close(dataset);
}

Test(dataset, files_without_our_attributes_are_read)
{
    foreign_single(H5T_IEEE_F32LE, 0);
}
Test(dataset, big_endian_features_arrive_in_host_order)
{
    foreign_single(H5T_IEEE_F32BE, 0);
}
Test(dataset, chunked_shuffled_and_gzipped_features_are_read)
{
    foreign_single(H5T_IEEE_F32LE, 1);
}

static hid_t half_type(hid_t single)
{
    hid_t half = H5Tcopy(single);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

Test(dataset, big_endian_halves_arrive_as_halves_in_host_order)
{
    hid_t half = half_type(H5T_IEEE_F32BE);
    struct foreign set = features_of_three_rows();
    set.stored = half;
    write_foreign(&set, 1);
    H5Tclose(half);
    struct par_dataset *dataset;
    uint16_t read[6];
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(dataset_split(dataset)->type, BL_FLOAT16);
    cr_assert_eq(par_dataset_read_local(dataset, 0, 3, read, NULL, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(read[i], bl_half_from_float(six[i]), "value %d", i);
    par_dataset_close(dataset);
}

Test(dataset, variable_length_attributes_are_not_read)
{
    struct foreign sets[] = {
        features_of_three_rows(),
        {"train/labels", H5T_STD_I32LE, H5T_NATIVE_INT, 1, {3}, (const int[]){0, 1, 2}, 0}};
    write_foreign(sets, 2);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    hsize_t one = 1;
    const char *value = "bitloom model";
    hid_t space = H5Screate_simple(1, &one, NULL);
    hid_t labels = H5Dopen2(file, "train/labels", H5P_DEFAULT);
    hid_t format = H5Acreate2(file, "format", text, space, H5P_DEFAULT, H5P_DEFAULT);
    hid_t names = H5Acreate2(labels, "class_names", text, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(format, text, &value);
    H5Awrite(names, text, &value);
    H5Aclose(format), H5Aclose(names), H5Dclose(labels), H5Sclose(space), H5Tclose(text), H5Fclose(file);
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(dataset_split(dataset)->n_class_names, 0);
    par_dataset_close(dataset);
}

static void foreign_labels(hid_t stored, hid_t memory, const void *values)
{
    struct foreign sets[] = {features_of_three_rows(), {"train/labels", stored, memory, 1, {3}, values, 0}};
    write_foreign(sets, 2);
    struct par_dataset *dataset;
    uint32_t read[3];
    const int32_t expected[3] = {7, 0, 3};
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(par_dataset_read_local(dataset, 0, 3, NULL, read, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read, expected, sizeof read);
    par_dataset_close(dataset);
}

Test(dataset, labels_of_any_integer_type_are_read)
{
    const int values[3] = {7, 0, 3};
    foreign_labels(H5T_STD_U8LE, H5T_NATIVE_INT, values);
    foreign_labels(H5T_STD_I64BE, H5T_NATIVE_INT, values);
    foreign_labels(H5T_STD_U64LE, H5T_NATIVE_INT, values);
    foreign_labels(H5T_STD_I16LE, H5T_NATIVE_INT, values);
}

static void expect_bad_label(hid_t stored, const int64_t *values, const char *text)
{
    struct foreign sets[] = {features_of_three_rows(),
                             {"train/labels", stored, H5T_NATIVE_INT64, 1, {3}, values, 0}};
    write_foreign(sets, 2);
    struct par_dataset *dataset;
    uint32_t read[3];
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(par_dataset_read_local(dataset, 0, 3, NULL, read, NULL, &split_err), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, text), "%s", split_err.what);
    par_dataset_close(dataset);
}

Test(dataset, a_label_below_minus_one_is_refused_with_its_row)
{
    expect_bad_label(H5T_STD_I32LE, (const int64_t[]){0, -1, -2}, "row 2");
}
Test(dataset, a_label_above_int32_is_refused_with_its_row)
{
    expect_bad_label(H5T_STD_I64LE, (const int64_t[]){0, INT64_C(1) << 31, 0}, "row 1");
}

Test(dataset, a_label_without_a_name_is_refused_when_classes_have_names)
{
    static const char *const names[] = {"one", "two"};
    struct split_writer_options options = options_of(BL_UINT8, 3, 1);
    options.labels = bl_label_layout(BL_LABELS_SINGLE, 2);
    options.n_class_names = 2;
    options.class_names = names;
    write_split("train", &options, "abc", (const int32_t[]){0, 1, 2}, NULL);
    struct par_dataset *dataset;
    uint32_t read[3];
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(par_dataset_read_local(dataset, 0, 3, NULL, read, NULL, &split_err), BL_INPUT);
    cr_assert_not_null(strstr(split_err.what, "row 2"), "%s", split_err.what);
    par_dataset_close(dataset);
}

static void expect_bad_multi(int value)
{
    const int values[6] = {0, 1, 1, 0, 0, value};
    struct foreign sets[] = {features_of_three_rows(),
                             {"train/labels", H5T_STD_I64LE, H5T_NATIVE_INT, 2, {3, 2}, values, 0}};
    write_foreign(sets, 2);
    struct par_dataset *dataset;
    uint32_t read[3];
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(par_dataset_read_local(dataset, 0, 3, NULL, read, NULL, &split_err), BL_INPUT, "%d", value);
    cr_assert_not_null(strstr(split_err.what, "row 2, column 1"), "%s", split_err.what);
    par_dataset_close(dataset);
}

Test(dataset, a_multi_label_value_other_than_0_and_1_is_refused_with_its_place)
{
    const int values[] = {2, -1, 255, 256, 257, -256, 1 << 30};
    for (int i = 0; i < 7; i++)
        expect_bad_multi(values[i]);
}

static void expect_ids(hid_t stored, hid_t memory, const void *values, int64_t id_bytes, const char *ids)
{
    struct foreign sets[] = {features_of_three_rows(), {"train/ids", stored, memory, 1, {3}, values, 0}};
    write_foreign(sets, 2);
    struct par_dataset *dataset;
    char read[60];
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(dataset_split(dataset)->id_bytes, id_bytes);
    cr_assert_eq(par_dataset_read_local(dataset, 0, 3, NULL, NULL, read, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read, ids, (size_t)(3 * id_bytes));
    par_dataset_close(dataset);
}

Test(dataset, integer_ids_become_decimal_text)
{
    expect_ids(H5T_STD_I64LE, H5T_NATIVE_INT64, (const int64_t[]){INT64_MIN, 7, INT64_MAX}, 20,
               "-9223372036854775808"
               "7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
               "9223372036854775807");
    expect_ids(H5T_STD_U8LE, H5T_NATIVE_INT64, (const int64_t[]){255, 0, 10}, 3,
               "255"
               "0\0\0"
               "10");
}

Test(dataset, ids_padded_with_spaces_arrive_padded_with_zeros)
{
    hid_t text = H5Tcopy(H5T_FORTRAN_S1);
    H5Tset_size(text, 4);
    H5Tset_cset(text, H5T_CSET_UTF8);
    expect_ids(text, text, "a   b c dddd", 4, "a\0\0\0b c\0dddd");
    H5Tclose(text);
}

#include "support/splits.h"

TestSuite(row_groups, .init = enter, .fini = leave);

enum { ROWS = 3 };
static const uint8_t features[ROWS] = {1, 2, 3};

static void write_groups(int64_t words, const int32_t *groups, const int32_t *labels)
{
    struct split_writer *writer;
    struct split_writer_options options = options_of(BL_UINT8, ROWS, 1);
    options.groups = bl_group_layout(words);
    if (labels)
        options.labels = bl_label_layout(BL_LABELS_SINGLE, 0);
    cr_assert_eq(split_create(&writer, path, "train", &options, &split_err), BL_OK, "%s", split_err.what);
    cr_assert_eq(split_put_groups(writer, ROWS, (const uint32_t *)groups, &split_err), BL_OK);
    cr_assert_eq(split_append(writer, ROWS, features, labels, NULL, &split_err), BL_OK);
    cr_assert_eq(split_commit(writer, &split_err), BL_OK, "%s", split_err.what);
    split_destroy(writer);
}

static struct par_dataset *open_train(void)
{
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    return dataset;
}

Test(row_groups, come_back_packed_beside_labels_and_in_their_place)
{
    const int32_t groups[ROWS * 3] = {9, -1, 4, -1, -1, -1, 2147483647, 0, 0}, labels[ROWS] = {2, 0, -1};
    const uint32_t none = (uint32_t)BL_UNLABELLED;
    const uint32_t expected[ROWS * 3] = {4, 9, none, none, none, none, 0, 2147483647, none};
    uint32_t read[ROWS * 3];
    write_groups(3, groups, labels);
    struct par_dataset *dataset = open_train();
    const struct par_split *split = dataset_split(dataset);
    cr_assert_eq(split->labels.kind, BL_LABELS_SINGLE);
    cr_assert_eq(split->groups.kind, BL_LABELS_GROUPS);
    cr_assert_eq(split->groups.words, 3);
    cr_assert(split->has_checksums);
    cr_assert_eq(par_dataset_read_groups_local(dataset, 0, ROWS, read, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read, expected, sizeof read);
    cr_assert_eq(par_dataset_read_groups_local(dataset, 2, 2, read, &split_err), BL_DEFECT);
    cr_assert_eq(par_dataset_read_local(dataset, 0, ROWS, NULL, read, NULL, &split_err), BL_OK);
    cr_assert_arr_eq(read, labels, sizeof labels);
    par_dataset_use_groups_local(dataset, 0);
    cr_assert_eq(split->labels.kind, BL_LABELS_SINGLE);
    par_dataset_use_groups_local(dataset, 1);
    cr_assert_eq(split->labels.kind, BL_LABELS_GROUPS);
    cr_assert_eq(par_dataset_read_local(dataset, 0, ROWS, NULL, read, NULL, &split_err), BL_OK);
    cr_assert_arr_eq(read, expected, sizeof read);
    par_dataset_close(dataset);
}

Test(row_groups, are_chosen_where_there_are_no_labels)
{
    write_groups(1, (const int32_t[]){5, -1, 5}, NULL);
    struct par_dataset *dataset = open_train();
    cr_assert_eq(dataset_split(dataset)->labels.kind, BL_LABELS_NONE);
    par_dataset_use_groups_local(dataset, 0);
    cr_assert_eq(dataset_split(dataset)->labels.kind, BL_LABELS_GROUPS);
    par_dataset_close(dataset);
}

Test(row_groups, are_not_chosen_where_there_are_none)
{
    struct split_writer_options options = options_of(BL_UINT8, ROWS, 1);
    write_split("train", &options, features, NULL, NULL);
    struct par_dataset *dataset = open_train();
    par_dataset_use_groups_local(dataset, 1);
    cr_assert_eq(dataset_split(dataset)->labels.kind, BL_LABELS_NONE);
    cr_assert_eq(dataset_split(dataset)->groups.kind, BL_LABELS_NONE);
    par_dataset_close(dataset);
}

static void put_byte(int64_t place, char value)
{
    FILE *file = fopen(path, "r+b");
    cr_assert(file && fseek(file, (long)place, SEEK_SET) == 0 && fputc(value, file) != EOF);
    fclose(file);
}

Test(row_groups, that_were_changed_on_the_disk_are_noticed)
{
    const int32_t marked[ROWS] = {0x01020304, 0x05060708, 0x090a0b0c};
    char bytes[20000];
    uint32_t read[ROWS];
    write_groups(1, marked, NULL);
    FILE *file = fopen(path, "rb");
    const int64_t n = (int64_t)fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    const char *place = memmem(bytes, (size_t)n, marked, sizeof marked);
    cr_assert_not_null(place);
    put_byte(place - bytes, 0x55);
    struct par_dataset *dataset = open_train();
    cr_assert_eq(par_dataset_read_groups_local(dataset, 0, ROWS, read, &split_err), BL_INPUT);
    cr_assert(strstr(split_err.what, "'groups' is damaged"), "%s", split_err.what);
    par_dataset_close(dataset);
}

/* ---- what others wrote ---- */

static void write_foreign_groups(hid_t stored, int rank, hsize_t rows, hsize_t cols, const int *values)
{
    const struct foreign sets[] = {
        features_of_three_rows(),
        {"train/groups", stored, H5T_NATIVE_INT, rank, {rows, cols}, values, 0},
    };
    write_foreign(sets, 2);
}

static void refuse_to_open(const char *text)
{
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, "train"), BL_INPUT);
    cr_assert(strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
}

static void refuse_to_read(const char *text)
{
    uint32_t read[ROWS * 2];
    struct par_dataset *dataset = open_train();
    cr_assert_eq(par_dataset_read_groups_local(dataset, 0, ROWS, read, &split_err), BL_INPUT);
    cr_assert(strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
    par_dataset_close(dataset);
}

Test(row_groups, of_any_integer_type_are_read)
{
    uint32_t read[ROWS * 2];
    write_foreign_groups(H5T_STD_I64BE, 2, ROWS, 2, (const int[]){7, 3, -1, 5, -1, -1});
    struct par_dataset *dataset = open_train();
    cr_assert_eq(par_dataset_read_groups_local(dataset, 0, ROWS, read, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read, ((const int[]){3, 7, 5, -1, -1, -1}), sizeof read);
    par_dataset_close(dataset);
}

Test(row_groups, stored_as_floats_are_read_if_they_are_whole)
{
    uint32_t read[ROWS];
    write_foreign_groups(H5T_IEEE_F32LE, 1, ROWS, 0, (const int[]){0, 1, -1});
    struct par_dataset *dataset = open_train();
    cr_assert_eq(par_dataset_read_groups_local(dataset, 0, ROWS, read, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_arr_eq(read, ((const int[]){0, 1, -1}), sizeof read);
    par_dataset_close(dataset);
}

Test(row_groups, that_are_not_one_row_each_are_refused)
{
    write_foreign_groups(H5T_STD_I32LE, 1, 4, 0, (const int[]){0, 1, 2, 3});
    refuse_to_open("'groups' has 4 rows but 'features' has 3");
}

Test(row_groups, that_are_no_groups_are_refused_with_their_row)
{
    write_foreign_groups(H5T_STD_I32LE, 1, ROWS, 0, (const int[]){0, 1, -2});
    refuse_to_read("row 2 is in the group -2");
    const long long large[ROWS] = {0, 1LL << 31, 0};
    const struct foreign sets[] = {features_of_three_rows(),
                                   {"train/groups", H5T_STD_I64LE, H5T_NATIVE_LLONG, 1, {ROWS}, large, 0}};
    write_foreign(sets, 2);
    refuse_to_read("row 1 is in the group 2147483648");
}

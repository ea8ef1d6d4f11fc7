#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "mpi/command/command.h"
#include "mpi/files/dataset.h"
#include "support/folder.h"

extern const struct command command_import;

static char folder[256], data[300];
static struct par_dataset *dataset;
static struct bl_error err;

static void enter(void)
{
    cr_assert(folder_make(folder, sizeof folder));
    cr_assert_eq(chdir(folder), 0);
    snprintf(data, sizeof data, "%s/data.h5", folder);
    bl_log_setup(BL_LOG_QUIET, 0, 0);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void leave(void)
{
    par_dataset_close(dataset);
    cr_assert_neq(access("data.h5.part", F_OK), 0, "an unfinished file was left behind");
    cr_assert_eq(chdir("/"), 0);
    folder_remove(folder);
    cr_assert_eq(bl_alloc_live(), 0, "something was not freed");
}

TestSuite(import, .init = enter, .fini = leave);

static void write_file(const char *name, const void *bytes, size_t n)
{
    FILE *file = fopen(name, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    cr_assert_eq(fclose(file), 0);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

static void write_npy(const char *name, const char *descr, const char *shape, const void *values, size_t n)
{
    char bytes[600] = "\x93NUMPY\1\0";
    int length =
        snprintf(bytes + 10, 400, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape);
    bytes[8] = (char)length;
    memcpy(bytes + 10 + length, values, n);
    write_file(name, bytes, 10 + (size_t)length + n);
}

/* Three rows of two bytes, in x.npy. */
static void write_rows(void)
{
    write_npy("x.npy", "|u1", "(3, 2)", "\1\2\3\4\5\6", 6);
}

static void close_data(void)
{
    par_dataset_close(dataset);
    dataset = NULL;
}

static void open_data(void)
{
    close_data();
    cr_assert_eq(par_dataset_open(&dataset, par_alone(), data, "train", &err), BL_OK, "%s", err.what);
}

/* Runs import with these arguments, separated by single spaces, for split "train" of data.h5. */
static int import(const char *arguments)
{
    char line[400], *argv[40] = {"import"};
    int argc = 1;
    close_data(); /* HDF5 locks what is open */
    snprintf(line, sizeof line, "%s --split train -o data.h5", arguments);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return command_import.run(par_alone(), argc, argv, &err);
}

static const struct par_split *import_fine(const char *arguments)
{
    cr_assert_eq(import(arguments), BL_OK, "%s", err.what);
    open_data();
    return dataset_split(dataset);
}

static void expect_refused(const char *arguments, int code, const char *text)
{
    cr_assert_eq(import(arguments), code, "%s", err.what);
    cr_assert_not_null(strstr(err.what, text), "'%s' is not in: %s", text, err.what);
    cr_assert_neq(access("data.h5", F_OK), 0, "a data set was written");
}

static void read_all(void *features, void *labels, char *ids)
{
    int64_t rows = dataset_split(dataset)->rows;
    cr_assert_eq(par_dataset_read_local(dataset, 0, rows, features, labels, ids, &err), BL_OK, "%s",
                 err.what);
}

Test(import, rows_without_labels_become_a_split)
{
    uint8_t rows[6];
    write_rows();
    const struct par_split *split = import_fine("--format npy --features x.npy");
    cr_assert_eq(split->rows, 3);
    cr_assert_eq(split->dim, 2);
    cr_assert_eq(split->type, BL_UINT8);
    cr_assert_eq(split->labels.kind, BL_LABELS_NONE);
    cr_assert_eq(split->id_bytes, 0);
    cr_assert(split->has_checksums);
    read_all(rows, NULL, NULL);
    cr_assert_arr_eq(rows, "\1\2\3\4\5\6", 6);
}

Test(import, a_column_of_labels_is_one_class_a_row)
{
    int32_t labels[3];
    write_rows();
    write_npy("y.npy", "<i8", "(3,)", ((int64_t[]){4, -1, 0}), 24);
    const struct par_split *split = import_fine("--format npy --features x.npy --labels y.npy");
    cr_assert_eq(split->labels.kind, BL_LABELS_SINGLE);
    cr_assert_eq(split->n_class_names, 0);
    read_all(NULL, labels, NULL);
    cr_assert_arr_eq(labels, ((int32_t[]){4, -1, 0}), sizeof labels);
}

Test(import, a_matrix_of_0_and_1_is_several_labels_a_row)
{
    uint32_t labels[3];
    write_rows();
    write_npy("y.npy", "|b1", "(3, 3)", "\1\0\1\0\0\0\0\1\0", 9);
    const struct par_split *split = import_fine("--format npy --features x.npy --labels y.npy");
    cr_assert_eq(split->labels.kind, BL_LABELS_MULTI);
    cr_assert_eq(split->labels.classes, 3);
    read_all(NULL, labels, NULL);
    cr_assert_arr_eq(labels, ((uint32_t[]){5, 0, 2}), sizeof labels);
}

Test(import, the_label_files_format_is_told_by_its_ending)
{
    int32_t labels[3];
    static const char idx[] = "\0\0\x08\x01\0\0\0\x03\2\1\0";
    static const char *const names[] = {"y-ubyte", "y.idx", "y.gz"};
    write_rows();
    for (int i = 0; i < 3; i++) {
        char arguments[100];
        write_file(names[i], idx, sizeof idx - 1);
        snprintf(arguments, sizeof arguments, "--format npy --features x.npy --replace --labels %s",
                 names[i]);
        import_fine(arguments);
        read_all(NULL, labels, NULL);
        cr_assert_arr_eq(labels, ((int32_t[]){2, 1, 0}), sizeof labels);
    }
}

Test(import, a_label_file_in_csv_may_hold_names)
{
    int32_t labels[3];
    write_rows();
    write_text("y.csv", "dog\ncat\ndog\n");
    const struct par_split *split = import_fine("--format npy --features x.npy --labels y.csv");
    cr_assert_eq(split->n_class_names, 2);
    cr_assert_str_eq(split->class_names[0], "cat");
    cr_assert_str_eq(split->class_names[1], "dog");
    read_all(NULL, labels, NULL);
    cr_assert_arr_eq(labels, ((int32_t[]){1, 0, 1}), sizeof labels);
}

Test(import, csv_brings_features_labels_and_ids_at_once)
{
    float rows[4];
    int32_t labels[2];
    char ids[4];
    write_text("x.csv", "name,x,y,kind\na,1,2,dog\nbc,3,4,cat\n");
    const struct par_split *split =
        import_fine("--format csv --features x.csv --label-column kind --id-column name");
    cr_assert_eq(split->type, BL_FLOAT32);
    cr_assert_eq(split->id_bytes, 2);
    cr_assert_eq(split->n_class_names, 2);
    read_all(rows, labels, ids);
    cr_assert_arr_eq(rows, ((float[]){1, 2, 3, 4}), sizeof rows);
    cr_assert_arr_eq(labels, ((int32_t[]){1, 0}), sizeof labels);
    cr_assert_arr_eq(ids, "a\0bc", 4);
}

Test(import, integer_ids_are_exact_decimal_text)
{
    char ids[3 * 20];
    write_rows();
    write_npy("i.npy", "<i8", "(3,)", ((int64_t[]){INT64_MIN, 9007199254740993, 0}), 24);
    cr_assert_eq(import_fine("--format npy --features x.npy --ids i.npy")->id_bytes, 20);
    read_all(NULL, NULL, ids);
    cr_assert_eq(memcmp(ids, "-9223372036854775808", 20), 0);
    cr_assert_eq(memcmp(ids + 20, "9007199254740993\0\0\0\0", 20), 0);
    cr_assert_eq(memcmp(ids + 40, "0\0", 2), 0);
}

Test(import, class_names_come_from_the_command_line_or_from_a_file)
{
    write_rows();
    write_npy("y.npy", "|u1", "(3,)", "\2\1\0", 3);
    const struct par_split *split =
        import_fine("--format npy --features x.npy --labels y.npy --class-names a,b,c");
    cr_assert_eq(split->n_class_names, 3);
    cr_assert_str_eq(split->class_names[2], "c");
    write_text("names", "a, with a comma\r\nb\r\nc\r\n");
    split = import_fine("--format npy --features x.npy --labels y.npy --class-names @names --replace");
    cr_assert_eq(split->n_class_names, 3);
    cr_assert_str_eq(split->class_names[0], "a, with a comma");
    cr_assert_str_eq(split->class_names[2], "c");
}

Test(import, class_names_must_cover_the_labels)
{
    write_rows();
    write_npy("y.npy", "|u1", "(3,)", "\2\1\0", 3);
    write_npy("m.npy", "|u1", "(3, 2)", "\1\0\1\0\0\0", 6);
    expect_refused("--format npy --features x.npy --labels y.npy --class-names a,b", BL_INPUT, "go up to 2");
    expect_refused("--format npy --features x.npy --labels m.npy --class-names a", BL_INPUT, "2 columns");
    expect_refused("--format npy --features x.npy --labels y.npy --class-names a,,c", BL_USAGE, "class 1");
    expect_refused("--format npy --features x.npy --labels y.npy --class-names a,b,a", BL_USAGE, "'a' twice");
    expect_refused("--format npy --features x.npy --class-names a,b", BL_USAGE, "without labels");
    expect_refused("--format npy --features x.npy --labels y.npy --class-names @none", BL_PATH, "none");
}

Test(import, other_numbers_of_rows_are_refused_with_both)
{
    write_rows();
    write_npy("y.npy", "|u1", "(2,)", "\2\1", 2);
    expect_refused("--format npy --features x.npy --labels y.npy", BL_INPUT, "has 3 rows but y.npy has 2");
    expect_refused("--format npy --features x.npy --ids y.npy", BL_INPUT, "has 3 rows but y.npy has 2");
}

Test(import, labels_that_can_not_be_classes_are_refused_with_their_row)
{
    write_rows();
    write_npy("y.npy", "<i8", "(3,)", ((int64_t[]){0, -2, 0}), 24);
    expect_refused("--format npy --features x.npy --labels y.npy", BL_INPUT,
                   "row 1 (counted from 0): the label -2");
    write_npy("y.npy", "<i8", "(3,)", ((int64_t[]){0, 0, (int64_t)INT32_MAX + 1}), 24);
    expect_refused("--format npy --features x.npy --labels y.npy", BL_INPUT, "row 2");
    write_npy("y.npy", "<f8", "(3,)", ((double[]){0.5, 0, 0}), 24);
    expect_refused("--format npy --features x.npy --labels y.npy", BL_INPUT, "row 0");
    write_npy("y.npy", "|u1", "(3, 2)", "\1\0\1\2\0\0", 6);
    expect_refused("--format npy --features x.npy --labels y.npy", BL_INPUT,
                   "row 1 (counted from 0), column 1: 2");
}

Test(import, ids_are_one_integer_a_row)
{
    write_rows();
    write_npy("i.npy", "|u1", "(3, 2)", "\1\0\1\2\0\0", 6);
    expect_refused("--format npy --features x.npy --ids i.npy", BL_INPUT, "2 values per row");
    write_npy("i.npy", "<f4", "(3,)", ((float[]){1, 2.5f, 3}), 12);
    expect_refused("--format npy --features x.npy --ids i.npy", BL_INPUT, "row 1");
    write_text("i.csv", "1\n2\n3\n");
    expect_refused("--format npy --features x.npy --ids i.csv", BL_USAGE, "--id-column");
}

Test(import, options_that_do_not_belong_together_are_refused)
{
    write_rows();
    expect_refused("--features x.npy", BL_USAGE, "--format");
    expect_refused("--format npy", BL_USAGE, "--features");
    expect_refused("--format parquet --features x.npy", BL_USAGE, "idx, npy");
    expect_refused("--format npy --features x.npy --label-column 0", BL_USAGE, "--label-column");
    expect_refused("--format npy --features x.npy --id-column 0", BL_USAGE, "--id-column");
    expect_refused("--format npy --features x.npy --no-header", BL_USAGE, "--no-header");
    expect_refused("--format npy --features x.npy --label-format npy", BL_USAGE, "--labels");
    expect_refused("--format csv --features x.npy --ids i.npy --id-column 0", BL_USAGE, "keep one");
}

Test(import, nothing_to_import_is_refused)
{
    write_npy("x.npy", "|u1", "(0, 2)", "", 0);
    expect_refused("--format npy --features x.npy", BL_INPUT, "0 rows");
    write_text("x.csv", "1\n2\n");
    expect_refused("--format csv --features x.csv --label-column 0", BL_INPUT, "of 0 features");
}

Test(import, a_split_that_exists_is_kept_unless_replaced)
{
    uint8_t rows[6];
    write_rows();
    import_fine("--format npy --features x.npy");
    write_npy("x.npy", "|u1", "(3, 2)", "\7\7\7\7\7\7", 6);
    cr_assert_eq(import("--format npy --features x.npy"), BL_USAGE);
    open_data();
    read_all(rows, NULL, NULL);
    cr_assert_arr_eq(rows, "\1\2\3\4\5\6", 6);
    import_fine("--format npy --features x.npy --replace");
    read_all(rows, NULL, NULL);
    cr_assert_arr_eq(rows, "\7\7\7\7\7\7", 6);
}

/* The second row's length is wrong, which shows only while rows are copied. */
Test(import, a_file_that_breaks_half_way_leaves_the_data_set_as_it_was)
{
    uint8_t rows[6];
    write_rows();
    import_fine("--format npy --features x.npy");
    write_file("x.bvecs", "\1\0\0\0\7\2\0\0\0\7", 10);
    cr_assert_eq(import("--format bvecs --features x.bvecs --replace"), BL_INPUT);
    cr_assert_not_null(strstr(err.what, "row 1"), "%s", err.what);
    open_data();
    read_all(rows, NULL, NULL);
    cr_assert_arr_eq(rows, "\1\2\3\4\5\6", 6);
}

/* More rows than a block of 8 MiB holds, with labels and ids beside them. */
Test(import, many_blocks_keep_rows_labels_and_ids_together)
{
    enum { ROWS = 600000 };
    static float rows[ROWS];
    static int32_t labels[ROWS];
    static char ids[ROWS * 7];
    FILE *file = fopen("x.csv", "wb");
    cr_assert_not_null(file);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "i%d,%d,%d\n", i, i, i % 7);
    fclose(file);
    import_fine("--format csv --features x.csv --id-column 0 --label-column 2");
    read_all(rows, labels, ids);
    for (int i = 0; i < ROWS; i++) {
        char id[16] = "";
        snprintf(id, sizeof id, "i%d", i);
        cr_assert(rows[i] == (float)i && labels[i] == i % 7 && memcmp(ids + 7 * i, id, 7) == 0, "row %d", i);
    }
}

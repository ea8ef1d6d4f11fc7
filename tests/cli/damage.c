#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"
#include "mpi/h5/table.h"
#include "support/tiny.h"

/* Input files whose content is not what it was or can't be: status 3, one line, on any number of ranks. */

/* 32 rows a block: four blocks and a half, whose limits are not those of shards (36 rows) or ranks. */
enum { ROWS = 144, DIM = 32768, CLASSES = 4 };

static struct tiny tiny;
static uint8_t features[ROWS * DIM];
static int32_t labels[ROWS];

static void enter(void)
{
    tiny_init(&tiny);
    h5_quiet();
    remove(tiny.data);
    for (int i = 0; i < ROWS * DIM; i++)
        features[i] = (uint8_t)((int64_t)i * 7919 % 253 + i / DIM % CLASSES);
    for (int i = 0; i < ROWS; i++)
        labels[i] = i % CLASSES;
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_damage, .init = enter, .fini = leave);

static void write_split(const char *split, int64_t rows, int64_t dim)
{
    static const char *const names[CLASSES] = {"a", "b", "c", "d"};
    struct split_writer_options options = {.rows = rows,
                                           .dim = dim,
                                           .type = BL_UINT8,
                                           .labels = bl_label_layout(BL_LABELS_SINGLE, CLASSES),
                                           .n_class_names = CLASSES,
                                           .class_names = names};
    struct split_writer *writer;
    struct bl_error err = {0};
    int code = split_create(&writer, tiny.data, split, &options, &err);
    if (code == BL_OK)
        code = split_append(writer, rows, features, labels, NULL, &err);
    if (code == BL_OK)
        code = split_commit(writer, &err);
    cr_assert_eq(code, BL_OK, "%s", err.what);
    split_destroy(writer);
}

/* Turns over the byte of a data set where it lies in the file. */
static void flip(const char *path, const char *name, int64_t place)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT);
    cr_assert_geq(set, 0, "%s has no %s", path, name);
    const int64_t at = (int64_t)H5Dget_offset(set) + place;
    H5Dclose(set);
    H5Fclose(file);
    tiny_flip_byte(path, at);
}

static void train(struct cli_result *result, int ranks)
{
    cli_run(
        result, ranks,
        "train %s --run %s --fresh --set train.epochs=1 --set train.global_batch=16 --set model.hidden=[4]",
        tiny.config, tiny.run);
}

static void expect_refusal(int ranks, const char *text)
{
    struct cli_result result;
    train(&result, ranks);
    cli_expect_error(&result, 3, text);
    cli_free(&result);
}

static void expect_flip_is_found(int64_t row, const char *text)
{
    flip(tiny.data, "train/features", row * DIM + 5);
    expect_refusal(1, text);
    expect_refusal(3, text);
    flip(tiny.data, "train/features", row * DIM + 5);
}

Test(cli_damage, training_finds_a_changed_byte_in_any_block)
{
    struct cli_result result;
    write_split("train", ROWS, DIM);
    expect_flip_is_found(0, "'features' is damaged in rows 0 to 31");
    expect_flip_is_found(71, "'features' is damaged in rows 64 to 95");
    expect_flip_is_found(ROWS - 1, "'features' is damaged in rows 128 to 143");
    train(&result, 3);
    cli_expect_success(&result);
    cli_free(&result);
}

Test(cli_damage, training_finds_a_changed_label)
{
    write_split("train", ROWS, DIM);
    flip(tiny.data, "train/labels", 4 * 100);
    expect_refusal(3, "split 'train': 'labels' is damaged in rows 0 to 143");
}

Test(cli_damage, training_names_the_row_of_a_label_out_of_range)
{
    labels[100] = CLASSES;
    write_split("train", ROWS, 8);
    expect_refusal(3, "row 100 has the label 4 but only classes 0 to 3 have a name");
}

/* A split as another program writes it. */
static void write_foreign(int64_t rows, int64_t n_labels)
{
    struct bl_error err = {0};
    hid_t set, file = H5Fcreate(tiny.data, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_eq(h5_make_dataset(file, "train/features", H5T_STD_U8LE, rows, 8, &set, &err), BL_OK);
    H5Dwrite(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, features);
    H5Dclose(set);
    cr_assert_eq(h5_make_dataset(file, "train/labels", H5T_STD_I32LE, n_labels, 0, &set, &err), BL_OK);
    H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels);
    H5Dclose(set);
    H5Fclose(file);
}

Test(cli_damage, training_refuses_fewer_labels_than_rows)
{
    write_foreign(ROWS, ROWS - 1);
    expect_refusal(3, "'labels' has 143 rows but 'features' has 144");
}

Test(cli_damage, a_file_without_checksums_is_accepted_and_that_is_said_once)
{
    struct cli_result result;
    write_foreign(ROWS, ROWS);
    train(&result, 3);
    cli_expect_success(&result);
    const char *said = strstr(result.err, "without checksums");
    cr_assert(said, "%s", result.err);
    cr_assert_null(strstr(said + 1, "without checksums"), "%s", result.err);
    cli_free(&result);
}

/* The commands that use a model, on data that it wasn't made for or that is damaged. */

static char model[TINY_PATH_MAX], codes[TINY_PATH_MAX];

static void make_model(void)
{
    struct cli_result result;
    tiny_path(&tiny, "lsh.h5", model);
    tiny_path(&tiny, "codes.h5", codes);
    cli_run(&result, 0, "baseline lsh %s --bits 16 -o %s --force", tiny.data, model);
    cli_expect_success(&result);
    cli_free(&result);
}

static void expect_error(int ranks, const char *arguments, const char *text)
{
    struct cli_result result;
    cli_run(&result, ranks, "%s", arguments);
    cli_expect_error(&result, 3, text);
    cli_free(&result);
}

Test(cli_damage, splits_of_another_width_are_refused)
{
    char arguments[4 * TINY_PATH_MAX];
    write_split("train", ROWS, 8);
    write_split("test", ROWS, 9);
    make_model();
    snprintf(arguments, sizeof arguments, "evaluate %s %s --queries test --database train", model, tiny.data);
    expect_error(3, arguments, "have 9");
    snprintf(arguments, sizeof arguments, "encode %s %s --split test -o %s --force", model, tiny.data, codes);
    expect_error(1, arguments, "have 9");
    cr_assert_not(tiny_exists(codes));
}

Test(cli_damage, encoding_and_evaluating_find_a_changed_byte)
{
    char arguments[4 * TINY_PATH_MAX];
    write_split("train", ROWS, DIM);
    make_model();
    flip(tiny.data, "train/features", 71 * DIM);
    snprintf(arguments, sizeof arguments, "encode %s %s --split train -o %s --force", model, tiny.data,
             codes);
    expect_error(3, arguments, "rows 64 to 95");
    cr_assert_not(tiny_exists(codes));
    snprintf(arguments, sizeof arguments, "evaluate %s %s --queries train --database train", model,
             tiny.data);
    expect_error(3, arguments, "rows 64 to 95");
    snprintf(arguments, sizeof arguments, "baseline lsh %s --bits 16 -o %s --force", tiny.data, codes);
    expect_error(1, arguments, "rows 64 to 95");
}

Test(cli_damage, searching_and_comparing_find_a_changed_code_or_model)
{
    struct cli_result result;
    char arguments[4 * TINY_PATH_MAX];
    write_split("train", ROWS, 8);
    make_model();
    cli_run(&result, 0, "encode %s %s --split train -o %s --force", model, tiny.data, codes);
    cli_expect_success(&result);
    cli_free(&result);
    flip(model, "layer0/weight", 9);
    snprintf(arguments, sizeof arguments, "encode %s %s --split train -o %s --force", model, tiny.data,
             codes);
    expect_error(3, arguments, "'layer0/weight' is damaged");
    flip(codes, "codes", 100);
    snprintf(arguments, sizeof arguments, "search %s %s -k 3", codes, codes);
    expect_error(0, arguments, "'codes' is damaged in rows 0 to 143");
    snprintf(arguments, sizeof arguments, "evaluate --codes %s %s", codes, codes);
    expect_error(3, arguments, "'codes' is damaged in rows 0 to 143");
}

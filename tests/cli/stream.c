#include <criterion/criterion.h>
#include <hdf5.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"
#include "support/folder.h"
#include "support/long_run.h"

/* Rows that are read while they are trained on. 32 rows a block: shards of 36 rows lie in two or three. */
enum { ROWS = 144, DIM = 32768, CLASSES = 4, BLOCK = 32 };

#define SMALL                                                                                                \
    "--set train.global_batch=16 --set model.hidden=[] --set model.heads=1 --set model.bits=4 "              \
    "--set train.seed=5 "
#define STREAM SMALL "--set data.residency=stream --set data.window=1 "

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

TestSuite(cli_stream, .init = enter, .fini = leave);

/* `rows` of them, those above over and over. */
static void write_data(int64_t rows)
{
    const struct split_writer_options options = {
        .rows = rows, .dim = DIM, .type = BL_UINT8, .labels = bl_label_layout(BL_LABELS_SINGLE, 0)};
    struct split_writer *writer;
    struct bl_error err = {0};
    int code = split_create(&writer, tiny.data, "train", &options, &err);
    for (int64_t at = 0, n; at < rows && code == BL_OK; at += n) {
        n = rows - at < ROWS ? rows - at : ROWS;
        code = split_append(writer, n, features, labels, NULL, &err);
    }
    if (code == BL_OK)
        code = split_commit(writer, &err);
    cr_assert_eq(code, BL_OK, "%s", err.what);
    split_destroy(writer);
}

Test(cli_stream, a_killed_run_continues_on_other_ranks_to_the_same_bits)
{
    static const int moves[][2] = {{3, 1}, {1, 2}};
    char whole[TINY_PATH_MAX];
    write_data(ROWS);
    tiny_path(&tiny, "whole", whole);
    tiny_train_well(&tiny, 2, whole, STREAM "--set train.epochs=12");
    for (int i = 0; i < 2; i++) {
        struct cli_result result;
        long_run_kill(&tiny, moves[i][0], STREAM "--set train.epochs=12");
        tiny_train(&tiny, &result, moves[i][1], tiny.run, STREAM "--set train.epochs=12");
        cli_expect_success(&result);
        cr_assert(strstr(result.err, "continuing"), "%s", result.err);
        cli_free(&result);
        long_run_expect_same_model(tiny.run, whole);
        folder_remove(tiny.run);
    }
}

Test(cli_stream, where_rows_are_is_part_of_what_a_run_is)
{
    write_data(ROWS);
    tiny_train_well(&tiny, 1, tiny.run, STREAM "--set train.epochs=1");
    tiny_train_refused(&tiny, STREAM "--set train.epochs=1 --set data.residency=memory", 2, "data.residency");
    tiny_train_refused(&tiny, STREAM "--set train.epochs=1 --set data.window=2", 2, "data.window");
}

/* The split as another program writes it: type in the file, chunks of so many rows or none, a user block. */
static void write_foreign(hid_t type, hsize_t chunk_rows, hsize_t user_block)
{
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), plist = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t shape[2] = {ROWS, DIM}, chunk[2] = {chunk_rows, DIM};
    H5Pset_userblock(creation, user_block);
    if (chunk_rows)
        H5Pset_chunk(plist, 2, chunk);
    hid_t file = H5Fcreate(tiny.data, H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL), line = H5Screate_simple(1, shape, NULL);
    hid_t set = H5Dcreate2(group, "features", type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, features), 0);
    H5Dclose(set);
    set = H5Dcreate2(group, "labels", H5T_STD_I32LE, line, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels), 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Sclose(line);
    H5Gclose(group);
    H5Pclose(plist);
    H5Pclose(creation);
    H5Fclose(file);
}

static void expect_refused(const char *text)
{
    tiny_train_refused(&tiny, STREAM, 2, text);
    char config[TINY_PATH_MAX + 16];
    snprintf(config, sizeof config, "%s.stream.yaml", tiny.config);
    FILE *file = fopen(config, "w");
    fprintf(file, "data: {file: data.h5, shards: 4, residency: stream}\ntrain: {global_batch: 16}\n");
    fclose(file);
    cli_fails(1, 2, text, "check %s", config);
    cli_fails(3, 2, text, "check %s", config);
}

Test(cli_stream, what_lies_in_chunks_or_in_another_byte_order_is_refused)
{
    write_foreign(H5T_STD_U8LE, 10, 0);
    expect_refused("h5repack -l CONTI");
    write_foreign(H5T_IEEE_F32BE, 0, 0);
    expect_refused("byte order");
    write_foreign(H5T_IEEE_F32LE, 0, 0);
    tiny_train_well(&tiny, 3, tiny.run, STREAM "--set train.epochs=1");
}

/* Without checksums a wrong place in the file would not be noticed, but for the comparison of a row. */
Test(cli_stream, rows_behind_a_user_block_are_found)
{
    char other[TINY_PATH_MAX];
    write_foreign(H5T_STD_U8LE, 0, 4096);
    tiny_path(&tiny, "other", other);
    tiny_train_well(&tiny, 2, tiny.run, STREAM "--set train.epochs=2 --set data.window=8");
    tiny_train_well(&tiny, 1, other, SMALL "--set train.epochs=2");
    long_run_expect_same_model(tiny.run, other);
}

Test(cli_stream, a_changed_byte_is_found_before_the_first_step)
{
    write_data(ROWS);
    hid_t file = H5Fopen(tiny.data, H5F_ACC_RDONLY, H5P_DEFAULT),
          set = H5Dopen2(file, "train/features", H5P_DEFAULT);
    const int64_t at = (int64_t)H5Dget_offset(set);
    H5Dclose(set);
    H5Fclose(file);
    tiny_flip_byte(tiny.data, at + 71 * DIM);
    tiny_train_refused(&tiny, STREAM, 3, "'features' is damaged in rows 64 to 95");
}

static double peak_of(const char *run)
{
    char path[TINY_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/metrics.jsonl", run);
    char *text = tiny_read(path, NULL), *summary = strstr(text, "{\"event\":\"summary\"");
    cr_assert(summary);
    const double peak = tiny_number(summary, "peak_bytes");
    free(text);
    return peak;
}

static double planned(const char *more)
{
    struct cli_result result;
    char config[TINY_PATH_MAX + 16];
    snprintf(config, sizeof config, "%s.plan.yaml", tiny.config);
    FILE *file = fopen(config, "w");
    fprintf(file,
            "data: {file: data.h5, validation: 0.05, shards: 4%s}\n"
            "model: {hidden: [], heads: 1, bits: 4}\ntrain: {global_batch: 16}\n",
            more);
    fclose(file);
    cli_run(&result, 0, "check %s --json", config);
    cli_expect_success(&result);
    const double bytes = tiny_number(result.out, "memory_bytes");
    cli_free(&result);
    return bytes;
}

/* 63 MiB of rows, windows of 8. What the program takes beside its plan is the same both ways. */
Test(cli_stream, memory_stays_within_its_plan)
{
    char other[TINY_PATH_MAX];
    write_data(14 * ROWS);
    tiny_path(&tiny, "other", other);
    tiny_train_well(&tiny, 1, tiny.run, STREAM "--set train.steps=10");
    tiny_train_well(&tiny, 1, other, SMALL "--set train.steps=10");
    const double saved = peak_of(other) - peak_of(tiny.run);
    const double promised = planned("") - planned(", residency: stream, window: 1");
    cr_assert_gt(promised, 50e6);
    cr_assert_gt(saved, promised - 4e6, "%.0f MB saved of %.0f planned", saved / 1e6, promised / 1e6);
}

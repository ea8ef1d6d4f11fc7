#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/files/codes.h"
#include "mpi/files/dataset.h"
#include "mpi/h5/file.h"
#include "support/tiny.h"

/* One row more than encode, cut and search take at a time, with more label columns than a word has bits: what comes out
 * belongs to the row that went in. */
enum { DIM = 4096, ROWS = 1025, TEST = 1060, COLS = 40, KINDS = 7, WORDS = 2, BITS = 40 };

static struct tiny tiny;
static uint8_t features[TEST * DIM], matrix[TEST * COLS];
static char model[TINY_PATH_MAX], data[TINY_PATH_MAX], codes[TINY_PATH_MAX], out[TINY_PATH_MAX];

/* Rows of one kind are equal. */
static int kind_of(int row)
{
    return row == ROWS - 1 ? KINDS - 1 : row * row % 11 % (KINDS - 1);
}

static int has_label(int row, int column)
{
    return (row * 7919 + column * 104729) / 13 % 3 == 0;
}

static void write_split(const char *split, int first, int rows)
{
    struct split_writer *writer;
    struct bl_error err;
    const struct split_writer_options options = {
        .rows = rows, .dim = DIM, .type = BL_UINT8, .labels = bl_label_layout(BL_LABELS_MULTI, COLS)};
    for (int i = 0; i < rows; i++) {
        for (int d = 0; d < DIM; d++)
            features[i * DIM + d] = (uint8_t)((kind_of(first + i) * 31 + 1) * (d % 97 + 1) % 251);
        for (int c = 0; c < COLS; c++)
            matrix[i * COLS + c] = (uint8_t)has_label(first + i, c);
    }
    cr_assert_eq(split_create(&writer, data, split, &options, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_append(writer, rows, features, matrix, NULL, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_commit(writer, &err), BL_OK, "%s", err.what);
    split_destroy(writer);
}

static void enter(void)
{
    tiny_init(&tiny);
    h5_quiet();
    tiny_path(&tiny, "wide.h5", data);
    tiny_path(&tiny, "model.h5", model);
    tiny_path(&tiny, "codes.h5", codes);
    write_split("train", 0, ROWS);
    cli_succeeds(0, "baseline lsh %s --bits %d -o %s --force", data, BITS, model);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_blocks, .init = enter, .fini = leave);

static void expect_words(const uint32_t *words, int row)
{
    for (int c = 0; c < COLS; c++)
        cr_assert_eq(words[c / 32] >> (c % 32) & 1, has_label(row, c), "row %d, column %d", row, c);
}

static void expect_codes(const char *path)
{
    static uint8_t rows[ROWS][BITS / 8], of_kind[KINDS][BITS / 8];
    static uint32_t words[ROWS * WORDS];
    struct par_codes *file;
    struct bl_error err;
    cr_assert_eq(par_codes_open(&file, par_alone(), path, &err), BL_OK, "%s", err.what);
    cr_assert_eq(codes_info(file)->rows, ROWS);
    cr_assert_eq(par_codes_read_local(file, 0, ROWS, rows[0], words, NULL, &err), BL_OK, "%s", err.what);
    par_codes_close(file);
    for (int i = ROWS - 1; i >= 0; i--)
        memcpy(of_kind[kind_of(i)], rows[i], sizeof *rows);
    for (int i = 0; i < ROWS; i++) {
        expect_words(words + i * WORDS, i);
        for (int k = 0; k < KINDS; k++)
            cr_assert_eq(memcmp(rows[i], of_kind[k], sizeof *rows) == 0, k == kind_of(i),
                         "row %d has the code of kind %d", i, k);
    }
}

Test(cli_blocks, of_rows_to_encode_keep_codes_and_labels_with_their_rows_on_any_number_of_ranks)
{
    static const int ranks[] = {0, 2, 3};
    for (int i = 0; i < 3; i++) {
        cli_succeeds(ranks[i], "encode %s %s --split train -o %s --force", model, data, codes);
        expect_codes(codes);
        cr_assert_eq(remove(codes), 0);
    }
}

/* The first row of the database with its code, then the others in their order. */
static void expect_found(int64_t k, const int64_t *found, const int32_t *distances)
{
    for (int i = 0; i < ROWS; i++) {
        int at = 0;
        for (int j = 0; j < ROWS; j++)
            if (kind_of(j) == kind_of(i)) {
                cr_assert_eq(found[i * k + at], j, "query %d, rank %d", i, at);
                cr_assert_eq(distances[i * k + at++], 0);
            }
        cr_assert(at == k || distances[i * k + at] > 0, "query %d", i);
    }
}

static void read_set(hid_t file, const char *name, hid_t type, void *values)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    cr_assert_geq(set, 0, "%s", name);
    cr_assert_geq(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0, "%s", name);
    H5Dclose(set);
}

Test(cli_blocks, of_queries_are_answered_for_their_queries_with_the_labels_of_what_was_found)
{
    static int64_t found[ROWS * ROWS];
    static int32_t distances[ROWS * ROWS];
    tiny_path(&tiny, "found.h5", out);
    cli_succeeds(0, "encode %s %s --split train -o %s --force", model, data, codes);
    cli_succeeds(0, "search %s %s -k %d -o %s --force", codes, codes, ROWS, out);
    hid_t file = H5Fopen(out, H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert_geq(file, 0);
    read_set(file, "neighbours", H5T_NATIVE_INT64, found);
    read_set(file, "distances", H5T_NATIVE_INT32, distances);
    read_set(file, "database_labels", H5T_NATIVE_UINT8, matrix);
    H5Fclose(file);
    expect_found(ROWS, found, distances);
    for (int i = 0; i < ROWS * COLS; i++)
        cr_assert_eq(matrix[i], has_label(i / COLS, i % COLS), "row %d, column %d", i / COLS, i % COLS);
    /* As text: query, rank, item, distance, labels. */
    struct cli_result result;
    cli_run(&result, 0, "search %s %s -k 1", codes, codes);
    cli_expect_success(&result);
    char line[200] = "0\t1\t0\t0\t";
    for (int c = 0, n = 0; c < COLS; c++)
        if (has_label(0, c))
            snprintf(line + strlen(line), sizeof line - strlen(line), "%s%d", n++ ? "," : "", c);
    strcat(line, "\n");
    cr_assert(strstr(result.out, line), "'%s' is not in: %.300s", line, result.out);
    cli_free(&result);
}

/* Rows of a split of the cut, named SPLIT:ROW by that of the source, whose row 0 was the `first` of all; counts them
 * in seen. */
static void expect_cut(const char *split, const char *source, int first, int *seen)
{
    struct par_dataset *dataset;
    struct bl_error err;
    static uint32_t words[TEST * WORDS];
    static char ids[TEST * 16];
    cr_assert_eq(par_dataset_open(&dataset, par_alone(), out, split, &err), BL_OK, "%s", err.what);
    const int64_t id_bytes = dataset_split(dataset)->id_bytes, rows = dataset_split(dataset)->rows;
    cr_assert(id_bytes < 16 && rows <= TEST);
    memset(features, 0, sizeof features);
    cr_assert_eq(par_dataset_read_local(dataset, 0, rows, features, words, ids, &err), BL_OK);
    par_dataset_close(dataset);
    for (int64_t i = 0; i < rows; i++) {
        char id[17] = "";
        memcpy(id, ids + i * id_bytes, (size_t)id_bytes);
        cr_assert_eq(strncmp(id, source, strlen(source)), 0, "%s", id);
        const int row = atoi(id + strlen(source));
        seen[row]++;
        expect_words(words + i * WORDS, first + row);
        for (int d = 0; d < DIM; d += 97)
            cr_assert_eq(features[i * DIM + d], (kind_of(first + row) * 31 + 1) % 251, "%s", id);
    }
}

Test(cli_blocks, of_rows_to_cut_keep_features_and_labels_with_their_rows)
{
    int train[ROWS] = {0}, test[TEST] = {0};
    write_split("test", 3, TEST);
    tiny_path(&tiny, "cut.h5", out);
    cli_succeeds(0, "cut held-out %s -o %s", data, out);
    expect_cut("train", "train:", 0, train);
    expect_cut("query", "test:", 3, test);
    expect_cut("database", "test:", 3, test);
    for (int i = 0; i < TEST; i++)
        cr_assert(test[i] == 1 && (i >= ROWS || train[i] == 1), "row %d", i);
}

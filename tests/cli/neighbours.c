#include <criterion/criterion.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tiny.h"

/* The true nearest rows of the tiny data: 384 rows of train, 64 of test, 8 columns of float32. */
enum { K = 7 };

static struct tiny tiny;
static char copy[TINY_PATH_MAX];
static struct cli_result result;

static void enter(void)
{
    tiny_init(&tiny);
    tiny_path(&tiny, "copy.h5", copy);
}

static void leave(void)
{
    cli_free(&result);
    tiny_free(&tiny);
}

TestSuite(cli_neighbours, .init = enter, .fini = leave);

/* A copy of the data. */
static void copy_data(void)
{
    int64_t n;
    char *bytes = tiny_read(tiny.data, &n);
    tiny_write(copy, bytes, n);
    free(bytes);
}

static void read_set(const char *path, const char *name, hid_t type, void *values)
{
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT);
    cr_assert_geq(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(set);
    H5Fclose(file);
}

/* Changes one number of a data set, as another program would, and drops its checksums. */
static void spoil(const char *path, const char *split, const char *set, int64_t at, double value)
{
    char name[80];
    static double values[TINY_TEST * K];
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    snprintf(name, sizeof name, "%s/%s", split, set);
    const hid_t open = H5Dopen2(file, name, H5P_DEFAULT);
    H5Dread(open, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    values[at] = value;
    H5Dwrite(open, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(open);
    snprintf(name, sizeof name, "checksums/%s/%s", split, set);
    H5Ldelete(file, name, H5P_DEFAULT);
    H5Fclose(file);
}

Test(cli_neighbours, lists_are_the_nearest_rows_and_every_byte_is_that_of_one_rank)
{
    static float train[TINY_TRAIN * TINY_DIM], test[TINY_TEST * TINY_DIM], distances[TINY_TEST * K];
    static int32_t rows[TINY_TEST * K];
    int64_t n, m;
    copy_data();
    cli_succeeds(0, "neighbours %s --queries test --database train -k %d", tiny.data, K);
    cli_succeeds(3, "neighbours %s --queries test --database train -k %d --memory 1 --threads 2", copy, K);
    char *one = tiny_read(tiny.data, &n), *other = tiny_read(copy, &m);
    cr_assert(n == m && memcmp(one, other, (size_t)n) == 0, "3 ranks wrote another file");
    free(one);
    free(other);
    read_set(copy, "train/features", H5T_NATIVE_FLOAT, train);
    read_set(copy, "test/features", H5T_NATIVE_FLOAT, test);
    read_set(copy, "test/neighbors", H5T_NATIVE_INT32, rows);
    read_set(copy, "test/distances", H5T_NATIVE_FLOAT, distances);
    for (int q = 0; q < TINY_TEST; q++)
        for (int j = 0; j < K; j++) {
            double key = 0;
            int nearer = 0;
            for (int d = 0; d < TINY_DIM; d++)
                key += pow((double)test[q * TINY_DIM + d] - (double)train[rows[q * K + j] * TINY_DIM + d], 2);
            for (int r = 0; r < TINY_TRAIN; r++) {
                double other_key = 0;
                for (int d = 0; d < TINY_DIM; d++)
                    other_key += pow((double)test[q * TINY_DIM + d] - (double)train[r * TINY_DIM + d], 2);
                nearer += other_key < key * (1 - 1e-12);
            }
            cr_assert_eq(nearer, j, "query %d, place %d", q, j);
            cr_assert_float_eq((double)distances[q * K + j], sqrt(key), 1e-6);
        }
    cli_succeeds(0, "check %s", copy);
}

Test(cli_neighbours, what_cant_be_found_is_refused_in_one_line)
{
    float bad[3 * TINY_DIM] = {0};
    bad[TINY_DIM + 2] = NAN;
    cli_fails(2, 2, "has only 384 rows to find", "neighbours %s --queries test --database train -k 385",
              tiny.data);
    cli_fails(0, 2, "63 rows beside the query", "neighbours %s --queries test --database test -k 64",
              tiny.data);
    cli_fails(0, 2, "l2, cosine or ip", "neighbours %s --queries test --database train --metric l1",
              tiny.data);
    cli_fails(0, 2, "needs --database SPLIT", "neighbours %s --queries test", tiny.data);
    cli_fails(2, 2, "no split 'base'", "neighbours %s --queries test --database base", tiny.data);
    tiny_import(&tiny, tiny.data, "bad", 3, bad, NULL);
    cli_fails(2, 5, "row 1 has a NaN or Inf in column 2", "neighbours %s --queries bad --database train -k 1",
              tiny.data);
    cli_fails(2, 5, "row 1 has a NaN or Inf in column 2", "neighbours %s --queries test --database bad -k 1",
              tiny.data);
    cli_succeeds(0, "neighbours %s --queries test --database train -k 3", tiny.data);
    cli_fails(2, 2, "add --force", "neighbours %s --queries test --database train -k 3", tiny.data);
    cli_succeeds(0, "neighbours %s --queries test --database test -k 4 --metric ip --force", tiny.data);
    cli_succeeds(0, "check %s", tiny.data);
}

Test(cli_neighbours, zero_rows_have_no_angle_and_a_warning_says_so)
{
    const float rows[3 * TINY_DIM] = {[TINY_DIM] = 1.0f};
    tiny_import(&tiny, tiny.data, "zeros", 3, rows, NULL);
    cli_run(&result, 2, "neighbours %s --queries zeros --database zeros -k 2 --metric cosine", tiny.data);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "2 rows of zeros only"), "%s", result.err);
}

Test(cli_neighbours, recall_is_the_same_on_any_number_of_ranks_and_by_codes)
{
    char model[TINY_PATH_MAX], codes[2][TINY_PATH_MAX];
    double recall[3];
    tiny_path(&tiny, "lsh.h5", model);
    cli_succeeds(0, "neighbours %s --queries test --database train -k 20", tiny.data);
    cli_succeeds(0, "baseline lsh %s --train train --bits 16 -o %s", tiny.data, model);
    for (int i = 0; i < 2; i++) {
        tiny_path(&tiny, i ? "train-codes.h5" : "test-codes.h5", codes[i]);
        cli_succeeds(0, "encode %s %s --split %s -o %s", model, tiny.data, i ? "train" : "test", codes[i]);
    }
    for (int ranks = 0; ranks <= 3; ranks += 3) {
        cli_free(&result);
        cli_run(&result, ranks, "evaluate %s %s --queries test --database train --relevant neighbours --json",
                model, tiny.data);
        cli_expect_success(&result);
        recall[ranks / 3] = tiny_number(result.out, "10@100");
        cr_assert(strstr(result.out, "truth: 20 nearest rows by l2, of 'train'"), "%s", result.out);
        cr_assert(strstr(result.out, "\"training_rows_in_database\":\"yes\""), "%s", result.out);
    }
    cli_free(&result);
    cli_run(
        &result, 2,
        "evaluate --codes %s %s --relevant neighbours --truth %s --queries test --database train --json --at 10@100",
        codes[0], codes[1], tiny.data);
    cli_expect_success(&result);
    recall[2] = tiny_number(result.out, "10@100");
    cr_assert(recall[0] > 0.3 && recall[0] <= 1.0 && recall[0] == recall[1] && recall[0] == recall[2],
              "%g, %g, %g", recall[0], recall[1], recall[2]);
    cli_fails(2, 3, "codes of other rows",
              "evaluate --codes %s %s --relevant neighbours --truth %s --queries test --database train",
              codes[1], codes[0], tiny.data);
    cli_fails(0, 2, "lists 20 neighbours of each row",
              "evaluate %s %s --queries test --database train --relevant neighbours --at 30@100", model,
              tiny.data);
}

Test(cli_neighbours, a_truth_of_other_rows_or_with_impossible_lists_is_refused)
{
    char model[TINY_PATH_MAX], command[4 * TINY_PATH_MAX];
    static const struct {
        const char *set, *message;
        int64_t at;
        double value;
    } lists[] = {{"neighbors", "of a database of 384 rows", 3, 384},
                 {"neighbors", "of a database of 384 rows", 3, -1},
                 {"distances", "lists begin with the nearest", 3, 1e-9}};
    tiny_path(&tiny, "lsh.h5", model);
    snprintf(command, sizeof command, "evaluate %s %s --queries test --database train --relevant neighbours",
             model, copy);
    cli_succeeds(0, "baseline lsh %s --train train --bits 16 -o %s", tiny.data, model);
    copy_data();
    cli_fails(2, 3, "has no true neighbours", "%s", command);
    cli_succeeds(0, "neighbours %s --queries test --database test -k %d", tiny.data, K);
    copy_data();
    cli_fails(2, 3, "are rows of 'test', not of 'train'", "%s", command);
    cli_succeeds(0, "neighbours %s --queries test --database train -k %d --force", tiny.data, K);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        copy_data();
        spoil(copy, "test", lists[i].set, lists[i].at, lists[i].value);
        cli_fails(2, 3, lists[i].message, "%s", command);
    }
    copy_data();
    static int32_t rows[TINY_TEST * K];
    read_set(copy, "test/neighbors", H5T_NATIVE_INT32, rows);
    spoil(copy, "test", "neighbors", 1, rows[0]);
    cli_fails(2, 3, "twice", "%s", command);
    /* Other rows under the same name. */
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    tiny_rows(TINY_TRAIN, 99, features, labels);
    copy_data();
    cli_succeeds(0, "info %s", copy);
    const hid_t file = H5Fopen(copy, H5F_ACC_RDWR, H5P_DEFAULT),
                set = H5Dopen2(file, "train/features", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, features);
    H5Dclose(set);
    H5Ldelete(file, "checksums/train/features", H5P_DEFAULT);
    H5Fclose(file);
    cli_fails(2, 3, "aren't those that the true neighbours", "%s", command);
}

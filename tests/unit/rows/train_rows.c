/* What is read of a train split: of more than one block and several shards. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "io/config_file.h"
#include "mpi/h5/table.h"
#include "mpi/rows/batches.h"
#include "mpi/rows/dense_labels.h"
#include "mpi/rows/train_data.h"
#include "support/splits.h"

/* Rows of 32 KiB, so that a block has few of them. */
enum { DIM = 8192, ROWS = 90, SHARDS = 3, LABELS = 40 };

static float features[ROWS * DIM];
static uint8_t matrix[ROWS * LABELS];
static struct par_train_data data;
static struct bl_error err;

TestSuite(train_rows, .init = enter, .fini = leave);

static void make_split(void)
{
    for (int i = 0; i < ROWS; i++)
        for (int d = 0; d < DIM; d++)
            features[i * DIM + d] = (float)(i * 131 + d % 17);
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < LABELS; c++)
            matrix[i * LABELS + c] = (uint8_t)((i + c * c) % 5 == 0);
}

static int read_split(const char *more)
{
    char text[300];
    struct bl_config config;
    snprintf(text, sizeof text, "data: {file: x, shards: %d, validation: 0.1%s}\ntrain: {global_batch: 3}\n",
             SHARDS, more);
    cr_assert_eq(io_config_parse(text, "run.yaml", &config, &err), BL_OK, "%s", err.what);
    return par_train_data_init(&data, par_alone(), path, &config, &err);
}

static void write_all(void)
{
    struct split_writer_options options = options_of(BL_FLOAT32, ROWS, DIM);
    options.labels = bl_label_layout(BL_LABELS_MULTI, LABELS);
    write_split("train", &options, features, matrix, NULL);
}

static int is_in(const int64_t *rows, int64_t n, int64_t row)
{
    for (int64_t i = 0; i < n; i++)
        if (rows[i] == row)
            return 1;
    return 0;
}

static int is_held_out(int64_t row)
{
    for (int s = 0; s < SHARDS; s++)
        if (is_in(data.shard[s].validation, data.shard[s].n_validation, row))
            return 1;
    return 0;
}

static int is_trained_on(int64_t row)
{
    for (int s = 0; s < SHARDS; s++)
        if (is_in(data.shard[s].train, data.shard[s].n_train, row))
            return 1;
    return 0;
}

Test(train_rows, every_row_has_its_own_features_and_all_words_of_its_labels)
{
    make_split();
    write_all();
    cr_assert_gt(ROWS / SHARDS, h5_rows_per_block(DIM * 4) / 2, "a shard is no more than half a block");
    for (int stream = 0; stream < 2; stream++) {
        cr_assert_eq(read_split(stream ? ", residency: stream" : ""), BL_OK, "%s", err.what);
        for (int64_t row = 0; row < ROWS; row++) {
            const void *found;
            cr_assert_eq(par_train_data_row_local(&data, row, &found, &err), BL_OK);
            cr_assert_eq(memcmp(found, features + row * DIM, DIM * sizeof(float)), 0, "row %d", (int)row);
            for (int c = 0; c < LABELS; c++)
                cr_assert_eq(train_data_labels(&data, row)[c / 32] >> c % 32 & 1, matrix[row * LABELS + c],
                             "row %d, label %d", (int)row, c);
        }
        par_train_data_free(&data);
    }
}

/* Rows that aren't finite, in the first, a middle and the last place of shards. */
Test(train_rows, bad_rows_are_dropped_wherever_they_are_and_no_others)
{
    static const int bad[] = {0, 29, 30, 47, 89};
    make_split();
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++)
        features[bad[b] * DIM + DIM - 1] = b % 2 ? INFINITY : NAN;
    write_all();
    for (int stream = 0; stream < 2; stream++) {
        cr_assert_eq(read_split(stream ? ", bad_rows: drop, residency: stream" : ", bad_rows: drop"), BL_OK,
                     "%s", err.what);
        for (int64_t row = 0; row < ROWS; row++) {
            int is_bad = 0;
            for (size_t b = 0; b < sizeof bad / sizeof *bad; b++)
                is_bad |= bad[b] == row;
            cr_assert_eq(is_held_out(row) + is_trained_on(row), !is_bad, "row %d", (int)row);
        }
        cr_assert_eq(data.n_dropped_global, 5);
        cr_assert_eq(data.n_train_global + data.n_validation_global, ROWS - 5);
        par_train_data_free(&data);
    }
    cr_assert_eq(read_split(""), BL_NUMBERS);
    cr_assert(strstr(err.what, "row 0 of the train split has a NaN or Inf in column 8191"), "%s", err.what);
}

Test(train_rows, the_sample_of_trained_rows_has_all_of_them_and_no_held_out_or_dropped_one)
{
    make_split();
    features[35 * DIM] = NAN;
    write_all();
    for (int stream = 0; stream < 2; stream++) {
        struct bl_row_sample expected = {0};
        cr_assert_eq(read_split(stream ? ", bad_rows: drop, residency: stream" : ", bad_rows: drop"), BL_OK);
        for (int64_t row = 0; row < ROWS; row++)
            if (is_trained_on(row))
                bl_row_sample_add(&expected, bl_row_hash(BL_FLOAT32, features + row * DIM, DIM));
        cr_assert_eq(expected.n, data.n_train_global);
        cr_assert_eq(data.trained.n, expected.n);
        cr_assert_eq(data.trained.rows, expected.rows);
        cr_assert_eq(memcmp(data.trained.hash, expected.hash, (size_t)expected.n * sizeof(uint64_t)), 0);
        par_train_data_free(&data);
    }
}

Test(train_rows, the_fingerprint_changes_with_any_value_and_any_label)
{
    static const int rows[] = {0, 29, 30, 89};
    make_split();
    write_all();
    cr_assert_eq(read_split(""), BL_OK);
    const uint64_t whole = data.fingerprint;
    par_train_data_free(&data);
    cr_assert_eq(read_split(", residency: stream"), BL_OK);
    cr_assert_eq(data.fingerprint, whole);
    par_train_data_free(&data);
    for (int i = 0; i < 4; i++)
        for (int label = 0; label < 2; label++) {
            uint8_t *bit = &matrix[rows[i] * LABELS + LABELS - 1];
            float *value = &features[rows[i] * DIM + DIM - 1];
            *bit ^= (uint8_t)label;
            *value += (float)!label;
            unlink(path);
            write_all();
            cr_assert_eq(read_split(""), BL_OK);
            cr_assert_neq(data.fingerprint, whole, "%s of row %d", label ? "label" : "value", rows[i]);
            par_train_data_free(&data);
            *bit ^= (uint8_t)label;
            *value -= (float)!label;
        }
}

Test(train_rows, classes_are_numbered_in_their_order_and_unlabelled_rows_stay)
{
    uint32_t labels[] = {900, (uint32_t)BL_UNLABELLED, 7, 900, (uint32_t)-5, 7, (uint32_t)BL_UNLABELLED};
    const uint32_t expected[] = {2, (uint32_t)BL_UNLABELLED, 1, 2, 0, 1, (uint32_t)BL_UNLABELLED};
    int64_t classes = 0;
    cr_assert_eq(par_dense_labels(par_alone(), 7, labels, &classes, &err), BL_OK);
    cr_assert_eq(classes, 3);
    cr_assert_arr_eq(labels, expected, sizeof expected);
}

Test(train_rows, an_epoch_has_whole_batches_of_the_smallest_shard)
{
    struct batches batches;
    cr_assert_eq(batches_plan(&batches, 4, 4 * 25, 23, 32, &err), BL_OK);
    cr_assert(batches.rows_per_shard == 8 && batches.steps_per_epoch == 2 && batches.n_global == 32);
    cr_assert_eq(batches_plan(&batches, 4, 4 * 24, 24, 32, &err), BL_OK);
    cr_assert_eq(batches.steps_per_epoch, 3);
    cr_assert_eq(batches_rows_of(&batches, 25), 8);
    cr_assert_eq(batches_plan(&batches, 4, 98, 23, 0, &err), BL_OK);
    cr_assert(batches.steps_per_epoch == 1 && batches.n_global == 98 && batches_rows_of(&batches, 25) == 25);
    cr_assert_eq(batches_plan(&batches, 4, 98, 7, 32, &err), BL_USAGE);
    cr_assert_eq(batches_plan(&batches, 4, 98, 23, 34, &err), BL_USAGE);
    cr_assert(strstr(err.what, "the nearest are 32 and 36"), "%s", err.what);
}

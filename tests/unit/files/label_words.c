#include <stdlib.h>

#include "mpi/files/codes.h"
#include "mpi/files/dataset_cut.h"
#include "support/splits.h"

/* Label matrices whose columns need more than one word of 32 bits, and more rows than are packed or unpacked at a
 * time, go through every kind of file that holds them as they are. */
enum { MOST_BYTES = 3 << 20, MOST_ROWS = (1 << 20) / 31 + 1, MOST_WORDS = 4 * MOST_ROWS };

static uint8_t matrix[MOST_BYTES], zeros[MOST_ROWS];
static uint32_t words[MOST_WORDS];

TestSuite(label_words, .init = enter, .fini = leave);

static const int64_t columns[] = {31, 32, 33, 40, 64, 65, 96, 97};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* Of a row and a column, in no simple pattern. */
static int bit_of(int64_t row, int64_t column)
{
    return (int)((row * 2654435761u + column * 40503u) >> 7 & 1);
}

static void fill_matrix(int64_t row_lo, int64_t rows, int64_t cols)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < cols; c++)
            matrix[i * cols + c] = (uint8_t)bit_of(row_lo + i, c);
}

/* The words of rows, of which the first is row row_lo of what fill_matrix made. */
static void expect_words(const uint32_t *got, int64_t row_lo, int64_t rows, int64_t cols)
{
    const int64_t n_words = (cols + 31) / 32;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t w = 0; w < n_words; w++) {
            uint32_t expected = 0;
            for (int64_t c = 32 * w; c < 32 * (w + 1) && c < cols; c++)
                expected |= (uint32_t)bit_of(row_lo + i, c) << (c - 32 * w);
            cr_assert_eq(got[i * n_words + w], expected, "row %d, word %d of %d columns", (int)(row_lo + i),
                         (int)w, (int)cols);
        }
}

static void write_matrix(const char *split, int64_t row_lo, int64_t rows, int64_t cols)
{
    struct split_writer_options options = options_of(BL_UINT8, rows, 1);
    cr_assert(rows <= MOST_ROWS && rows * cols <= MOST_BYTES);
    options.labels = bl_label_layout(BL_LABELS_MULTI, cols);
    fill_matrix(row_lo, rows, cols);
    write_split(split, &options, zeros, matrix, NULL);
}

/* Reads the split's labels from row `from` on into words; returns how many rows. */
static int64_t read_words(const char *split, int64_t from, int64_t cols)
{
    struct par_dataset *dataset;
    cr_assert_eq(open_split(&dataset, split), BL_OK, "%s", split_err.what);
    const struct par_split *info = dataset_split(dataset);
    cr_assert(info->labels.kind == BL_LABELS_MULTI && info->labels.classes == cols);
    const int64_t rows = info->rows - from;
    cr_assert_leq(rows * info->labels.words, MOST_WORDS);
    memset(words, 0xee, sizeof words);
    cr_assert_eq(par_dataset_read_local(dataset, from, rows, NULL, words, NULL, &split_err), BL_OK, "%s",
                 split_err.what);
    par_dataset_close(dataset);
    return rows;
}

static void expect_data_set(int64_t rows, int64_t cols)
{
    unlink(path);
    write_matrix("train", 0, rows, cols);
    for (int64_t from = 0; from < 2; from++) {
        cr_assert_eq(read_words("train", from, cols), rows - from);
        expect_words(words, from, rows - from, cols);
    }
}

Test(label_words, of_a_data_set_come_back_for_any_number_of_columns)
{
    for (int i = 0; i < COLUMNS; i++)
        expect_data_set(40, columns[i]);
}

Test(label_words, of_a_data_set_come_back_beyond_the_rows_that_are_packed_at_a_time)
{
    const int64_t most = (1 << 20) / 31; /* 1 MiB of labels, a byte each */
    expect_data_set(most, 31);
    expect_data_set(most + 1, 31);
    expect_data_set(2 * ((1 << 20) / 97) + 1, 97);
}

/* As encode does: the words that were read are written. */
static void expect_codes(int64_t rows, int64_t cols)
{
    struct par_codes_writer *writer;
    struct par_codes *codes;
    const struct par_codes_info info = {
        .rows = rows, .bits = 8, .labels = bl_label_layout(BL_LABELS_MULTI, cols)};
    unlink(path);
    write_matrix("train", 0, rows, cols);
    read_words("train", 0, cols);
    unlink(path);
    cr_assert_eq(par_codes_create(&writer, par_alone(), path, &info, &split_err), BL_OK, "%s",
                 split_err.what);
    cr_assert_eq(par_codes_write_local(writer, 0, rows, zeros, words, NULL, &split_err), BL_OK);
    cr_assert_eq(par_codes_commit(writer, &split_err), BL_OK, "%s", split_err.what);
    par_codes_destroy(writer);
    memset(words, 0xee, sizeof words);
    cr_assert_eq(par_codes_open(&codes, par_alone(), path, &split_err), BL_OK, "%s", split_err.what);
    cr_assert_eq(codes_info(codes)->labels.classes, cols);
    cr_assert_eq(par_codes_read_local(codes, 0, rows, NULL, words, NULL, &split_err), BL_OK);
    par_codes_close(codes);
    expect_words(words, 0, rows, cols);
}

Test(label_words, of_a_code_file_come_back_for_any_number_of_columns)
{
    for (int i = 0; i < COLUMNS; i++)
        expect_codes(40, columns[i]);
}

Test(label_words, of_a_code_file_come_back_beyond_the_rows_that_are_unpacked_at_a_time)
{
    const int64_t most = (1 << 20) / 40;
    expect_codes(most, 40);
    expect_codes(most + 1, 40);
    expect_codes(2 * ((1 << 20) / 97) + 1, 97);
}

/* Its rows have names like train:17. */
static void expect_cut(int64_t cols)
{
    enum { TRAIN = 50, TEST = 21 };
    char source[112];
    struct dataset_cut_result result;
    struct bl_error err = {0};
    unlink(path);
    write_matrix("train", 0, TRAIN, cols);
    write_matrix("test", TRAIN, TEST, cols);
    snprintf(source, sizeof source, "%s.source", path);
    cr_assert_eq(rename(path, source), 0);
    const struct dataset_cut_request request = {
        .protocol = bl_protocol_find("held-out", &err), .source = source, .output = path};
    cr_assert_eq(dataset_cut(&request, &result, &err), BL_OK, "%s", err.what);
    unlink(source);
    static const char *const splits[] = {"train", "query", "database"};
    int64_t all = 0;
    for (int s = 0; s < 3; s++) {
        char ids[TRAIN * 16];
        struct par_dataset *dataset;
        const int64_t rows = read_words(splits[s], 0, cols);
        cr_assert_eq(open_split(&dataset, splits[s]), BL_OK);
        const struct par_split *info = dataset_split(dataset);
        cr_assert(info->id_bytes < 16 && rows <= TRAIN);
        cr_assert_eq(par_dataset_read_local(dataset, 0, rows, NULL, NULL, ids, &split_err), BL_OK);
        for (int64_t i = 0; i < rows; i++) {
            char id[17] = "";
            memcpy(id, ids + i * info->id_bytes, (size_t)info->id_bytes);
            const int64_t row = atoi(strchr(id, ':') + 1) + (strncmp(id, "test", 4) == 0 ? TRAIN : 0);
            expect_words(words + i * info->labels.words, row, 1, cols);
        }
        par_dataset_close(dataset);
        all += rows;
    }
    cr_assert_eq(all, TRAIN + TEST);
}

Test(label_words, of_a_cut_stay_with_their_rows_for_any_number_of_columns)
{
    for (int i = 0; i < COLUMNS; i++)
        expect_cut(columns[i]);
}

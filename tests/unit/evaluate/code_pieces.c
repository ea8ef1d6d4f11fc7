/* Codes of chosen rows of a split, and the mAP of held-out rows, against codes of one row at a time: of more rows than
 * are encoded at once. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hash/code.h"
#include "io/config_file.h"
#include "mpi/evaluate/encode_split.h"
#include "mpi/evaluate/held_out.h"
#include "mpi/evaluate/retrieve.h"
#include "support/splits.h"

enum { DIM = 8, MOST = 2300, CLASSES = 7, BITS = 70, WORDS = 2 };

static float features[MOST * DIM];
static int32_t classes[MOST];
static struct bl_model model;
static uint64_t words[MOST * WORDS];
static uint8_t parts[MOST];
static struct bl_row_sample sample;
static struct bl_error err;

TestSuite(code_pieces, .init = enter, .fini = leave);

static void make_split(int64_t rows)
{
    struct split_writer_options options = options_of(BL_FLOAT32, rows, DIM);
    options.labels = bl_label_layout(BL_LABELS_SINGLE, 0);
    for (int64_t i = 0; i < rows; i++) {
        uint64_t random[4];
        bl_rng_words(5, BL_STREAM_LSH, (uint64_t)i, 0, 0, random);
        classes[i] = (int32_t)(random[3] % CLASSES);
        parts[i] = (uint8_t)(1 + random[3] / CLASSES % 3);
        for (int d = 0; d < DIM; d++)
            features[i * DIM + d] = (float)(random[d % 3] >> (d * 7 % 48) & 0xffff) / 32768.0f - 1.0f +
                                    (d == classes[i] ? 1.5f : 0.0f);
    }
    write_split("train", &options, features, classes, NULL);
}

/* A layer of random directions, and codes by it of one row at a time. */
static void make_model(int64_t rows)
{
    struct bl_config_model shape_config = {.heads = 1, .bits = BITS};
    const struct bl_shape shape = bl_shape_of(&shape_config, DIM);
    struct bl_encoder encoder;
    uint8_t code[16];
    int64_t bad;
    cr_assert_eq(bl_model_init(&model, &shape, BL_NORMALIZE_NONE, &err), BL_OK);
    bl_params_init(&shape, &model.layout, 3, model.params);
    cr_assert_eq(bl_encoder_init(&encoder, &model, 1, &err), BL_OK);
    for (int64_t i = 0; i < rows; i++) {
        cr_assert_eq(bl_encoder_run(&encoder, BL_FLOAT32, features + i * DIM, 1, code, &bad, &err), BL_OK);
        bl_code_to_words(code, 1, BITS, words + i * WORDS);
    }
    bl_encoder_free(&encoder);
}

/* All rows of one part were trained on, and none of another. */
static void expect_chosen(int64_t rows, int part)
{
    struct par_dataset *dataset = NULL;
    struct par_code_set piece = {0};
    struct par_row_choice choice = {.parts = parts, .part = part};
    struct bl_row_tally tally = {.sample = &sample};
    int64_t n = 0, at = 0;
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(
        par_encode_split(par_alone(), &model, dataset, part ? &choice : NULL, &piece, &tally, &n, &err),
        BL_OK, "%s", err.what);
    for (int64_t i = 0; i < rows; i++) {
        if (part && !(parts[i] & part))
            continue;
        cr_assert_eq(memcmp(piece.words + at * WORDS, words + i * WORDS, sizeof words[0] * WORDS), 0,
                     "row %d", (int)i);
        cr_assert_eq(piece.labels[at], classes[i], "row %d", (int)i);
        at++;
    }
    cr_assert_eq(n, at);
    cr_assert_eq(piece.set.rows, at);
    cr_assert_eq(bl_row_tally_count(&tally), part == 2 ? 0 : sample.n, "part %d", part);
    par_code_set_free(&piece);
    par_dataset_close(dataset);
}

Test(code_pieces, chosen_rows_are_encoded_in_order_and_only_they_count_as_searched)
{
    static const int64_t sizes[] = {1023, 1024, 1025, 2048, 2049};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        make_split(sizes[s]);
        make_model(sizes[s]);
        memset(&sample, 0, sizeof sample);
        for (int64_t i = 0; i < sizes[s]; i++)
            if (parts[i] == 1)
                bl_row_sample_add(&sample, bl_row_hash(BL_FLOAT32, features + i * DIM, DIM));
        expect_chosen(sizes[s], 0);
        expect_chosen(sizes[s], 1);
        expect_chosen(sizes[s], 2);
        bl_model_free(&model);
        unlink(path);
    }
}

/* Rows are named as the file numbers them, also where rows before them weren't chosen and in a later block. */
Test(code_pieces, a_row_that_is_not_finite_is_named_by_its_place_in_the_file)
{
    struct par_dataset *dataset = NULL;
    struct par_code_set piece = {0};
    struct par_row_choice choice = {.parts = parts, .part = 1};
    struct bl_row_tally tally = {.sample = &sample};
    struct split_writer_options options = options_of(BL_FLOAT32, 1500, DIM);
    int64_t n, bad = 1200;
    char text[32];
    make_split(1500);
    make_model(1500);
    while (parts[bad] != 1)
        bad++;
    unlink(path);
    features[bad * DIM + 3] = (float)NAN;
    features[(bad - 1) * DIM + 3] = parts[bad - 1] & 1 ? 0.0f : (float)NAN; /* not chosen, so no matter */
    options.labels = bl_label_layout(BL_LABELS_SINGLE, 0);
    write_split("train", &options, features, classes, NULL);
    cr_assert_eq(open_split(&dataset, "train"), BL_OK, "%s", split_err.what);
    cr_assert_eq(par_encode_split(par_alone(), &model, dataset, &choice, &piece, &tally, &n, &err),
                 BL_NUMBERS);
    snprintf(text, sizeof text, "row %d has", (int)bad);
    cr_assert(strstr(err.what, text), "%s: %s", text, err.what);
    par_dataset_close(dataset);
    bl_model_free(&model);
}

static int row_is_held_out(const struct par_train_data *data, int64_t row)
{
    for (int64_t s = 0; s < data->shard_hi - data->shard_lo; s++)
        for (int64_t i = 0; i < data->shard[s].n_validation; i++)
            if (data->shard[s].validation[i] == row)
                return 1;
    return 0;
}

/* The mAP by definition, where rows at equal distance come in every order: AP of a query is the mean over its relevant
 * rows of the expected precision there. Here by sorting distances into counts. */
static double naive_map(const struct par_train_data *data, int64_t rows)
{
    static char is_query[MOST];
    double sum = 0.0;
    int64_t queries = 0;
    for (int64_t i = 0; i < rows; i++)
        is_query[i] = (char)row_is_held_out(data, i);
    for (int64_t q = 0; q < rows; q++) {
        double all[BITS + 1] = {0}, good[BITS + 1] = {0}, before = 0.0, found = 0.0, relevant = 0.0, ap = 0.0;
        if (!is_query[q])
            continue;
        queries++;
        for (int64_t i = 0; i < rows; i++) {
            if (is_query[i])
                continue;
            int distance = 0;
            for (int w = 0; w < WORDS; w++)
                distance += __builtin_popcountll(words[q * WORDS + w] ^ words[i * WORDS + w]);
            all[distance]++;
            good[distance] += classes[i] == classes[q];
            relevant += classes[i] == classes[q];
        }
        for (int d = 0; d <= BITS; d++) {
            for (int k = 1; k <= (int)all[d]; k++) {
                const double share = good[d] / all[d];
                const double others = all[d] > 1 ? (k - 1) * (good[d] - 1) / (all[d] - 1) : 0.0;
                ap += share * (found + others + 1.0) / (before + k);
            }
            before += all[d];
            found += good[d];
        }
        sum += relevant > 0 ? ap / relevant : 0.0;
    }
    return sum / (double)queries;
}

Test(code_pieces, the_validation_map_is_that_of_held_out_rows_among_all_others)
{
    struct bl_config config;
    struct par_train_data data;
    struct held_out_result result;
    make_split(MOST);
    make_model(MOST);
    for (int stream = 0; stream < 2; stream++) {
        char text[200];
        snprintf(text, sizeof text,
                 "data: {file: x, validation: 0.1, shards: 3, residency: %s}\n"
                 "train: {global_batch: 3}\n",
                 stream ? "stream" : "memory");
        cr_assert_eq(io_config_parse(text, "run.yaml", &config, &err), BL_OK, "%s", err.what);
        cr_assert_eq(par_train_data_init(&data, par_alone(), path, &config, &err), BL_OK, "%s", err.what);
        cr_assert_eq(par_held_out_judge(par_alone(), &data, &model, &result, &err), BL_OK, "%s", err.what);
        cr_assert_eq(result.queries, data.n_validation_global);
        cr_assert_eq(result.database, MOST - result.queries);
        cr_assert_eq(result.unanswerable, 0);
        cr_assert_eq(result.health.rows, result.queries);
        cr_assert_float_eq(result.map, naive_map(&data, MOST), 1e-9);
        par_train_data_free(&data);
    }
    bl_model_free(&model);
}

/* Blocks of queries: one less and one more than whole ones. */
Test(code_pieces, retrieval_counts_the_last_queries_of_a_block_and_the_first_of_the_next)
{
    enum { LONG = 1000, BLOCK = 1 + (1 << 17) / (LONG + 1), LONG_WORDS = 16, DATABASE = 5 };
    for (int64_t n = BLOCK - 1; n <= BLOCK + 1; n++) {
        struct par_code_set queries = {0}, database = {0};
        struct bl_retrieval retrieval;
        const struct bl_label_layout layout = bl_label_layout(BL_LABELS_SINGLE, 2);
        cr_assert_eq(par_code_set_init_local(&queries, n, LONG, layout, 0, &err), BL_OK);
        cr_assert_eq(par_code_set_init_local(&database, DATABASE, LONG, layout, 0, &err), BL_OK);
        memset(queries.words, 0, (size_t)(n * LONG_WORDS) * sizeof(uint64_t));
        memset(database.words, 0, DATABASE * LONG_WORDS * sizeof(uint64_t));
        for (int64_t i = 0; i < n; i++)
            queries.labels[i] = i == n - 1 ? 1 : 0;
        for (int64_t i = 0; i < DATABASE; i++)
            database.labels[i] = i == 0;
        bl_retrieval_init(&retrieval, LONG, NULL, 0);
        cr_assert_eq(par_retrieve(par_alone(), &queries.set, &database.set, 0, &retrieval, &err), BL_OK);
        struct bl_retrieval_means means;
        bl_retrieval_means(&retrieval, &means);
        cr_assert_eq(retrieval.queries, n);
        /* All at one distance: a query of class 0 finds 4 of 5 in any order, the last one 1 of 5. */
        double many = 0.0, one = 0.0;
        for (int k = 1; k <= 5; k++) {
            many += 4.0 / 5.0 * (1.0 + (k - 1) * 3.0 / 4.0) / k / 4.0;
            one += 1.0 / 5.0 / k;
        }
        cr_assert_float_eq(means.map, ((double)(n - 1) * many + one) / (double)n, 1e-12);
        par_code_set_free(&queries);
        par_code_set_free(&database);
    }
}

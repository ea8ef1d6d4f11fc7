#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/files/codes.h"
#include "support/tiny.h"

/* evaluate, encode and search, all with one small model. */
static struct tiny tiny;
static char model[TINY_PATH_MAX + 32], queries[TINY_PATH_MAX], database[TINY_PATH_MAX];

static void encode(const char *from, const char *split, const char *to, int ranks)
{
    cli_succeeds(ranks, "encode %s %s --split %s -o %s --force", from, tiny.data, split, to);
}

static void enter(void)
{
    tiny_init(&tiny);
    tiny_train_well(&tiny, 0, tiny.run, "--set train.epochs=1");
    snprintf(model, sizeof model, "%s/model.h5", tiny.run);
    tiny_path(&tiny, "queries.h5", queries);
    tiny_path(&tiny, "database.h5", database);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_evaluate, .init = enter, .fini = leave);

static double map_of(int ranks, const char *arguments)
{
    struct cli_result result;
    cli_run(&result, ranks, "evaluate %s --json", arguments);
    cli_expect_success(&result);
    const char *end = strchr(result.out, '\n');
    cr_assert(result.out[0] == '{' && end && end[1] == '\0', "not one line of JSON: %s", result.out);
    double map = tiny_number(result.out, "map");
    cli_free(&result);
    cr_assert(map >= 0.0 && map <= 1.0);
    return map;
}

static void by_model(char arguments[2000])
{
    snprintf(arguments, 2000, "%s %s --queries test --database train", model, tiny.data);
}

Test(cli_evaluate, any_number_of_ranks_gives_every_digit)
{
    char arguments[2000];
    by_model(arguments);
    double alone = map_of(0, arguments);
    cr_assert_gt(alone, 0.3);
    for (int ranks = 1; ranks <= 4; ranks++) {
        double map = map_of(ranks, arguments);
        cr_assert_eq(map, alone, "%.17g on %d ranks, %.17g alone", map, ranks, alone);
    }
}

Test(cli_evaluate, codes_from_files_give_what_the_model_gives)
{
    char arguments[2000];
    encode(model, "test", queries, 1);
    encode(model, "train", database, 3);
    by_model(arguments);
    double expected = map_of(2, arguments);
    snprintf(arguments, sizeof arguments, "--codes %s %s", queries, database);
    for (int ranks = 0; ranks <= 3; ranks += 3)
        cr_assert_eq(map_of(ranks, arguments), expected);
}

Test(cli_evaluate, a_split_against_itself_leaves_out_the_item_itself)
{
    char arguments[2000];
    struct cli_result result;
    snprintf(arguments, sizeof arguments, "%s %s --queries train --database train", model, tiny.data);
    double alone = map_of(0, arguments);
    cr_assert_eq(map_of(3, arguments), alone);
    cli_run(&result, 1, "evaluate %s --json", arguments);
    cr_assert(strstr(result.out, "self"), "%s", result.out);
    cli_free(&result);
}

Test(cli_evaluate, codes_of_other_lengths_are_refused)
{
    char run[TINY_PATH_MAX], other[TINY_PATH_MAX + 32];
    tiny_path(&tiny, "other", run);
    tiny_train_well(&tiny, 0, run, "--set train.epochs=1 --set model.bits=4");
    snprintf(other, sizeof other, "%s/model.h5", run);
    encode(model, "test", queries, 1);
    encode(other, "train", database, 1);
    for (int ranks = 0; ranks <= 3; ranks += 3)
        cli_fails(ranks, 3, "8", "evaluate --codes %s %s --json", queries, database);
    cli_fails(0, 3, "16", "search %s %s -k 3", queries, database);
}

Test(cli_evaluate, a_missing_split_is_answered_by_the_list)
{
    for (int ranks = 1; ranks <= 3; ranks += 2)
        cli_fails(ranks, 2, "test, train", "evaluate %s %s --queries tset --database train --json", model,
                  tiny.data);
}

Test(cli_evaluate, a_data_set_is_no_model)
{
    cli_fails(2, 3, "data.h5", "evaluate %s %s --queries test --database train", tiny.data, tiny.data);
}

Test(cli_evaluate, a_search_prints_k_lines_a_query_in_order_of_distance)
{
    struct cli_result result;
    encode(model, "test", queries, 1);
    encode(model, "train", database, 1);
    cli_run(&result, 0, "search %s %s -k 5 --format tsv", queries, database);
    cli_expect_success(&result);
    int rows = 0, last = 0;
    for (char *line = strtok(result.out, "\n"); line; line = strtok(NULL, "\n")) {
        int query, rank, item, distance;
        if (sscanf(line, "%d\t%d\t%d\t%d", &query, &rank, &item, &distance) != 4)
            continue; /* the names of the columns */
        cr_assert_eq(query, rows / 5);
        cr_assert_eq(rank, rows % 5 + 1);
        cr_assert(rank == 1 || distance >= last);
        last = distance;
        rows++;
    }
    cr_assert_eq(rows, 5 * TINY_TEST);
    cli_free(&result);
}

enum { CODE_BYTES = 2 };

static void read_codes(const char *path, uint8_t codes[TINY_TRAIN * CODE_BYTES], uint32_t labels[TINY_TRAIN])
{
    struct par_codes *file;
    struct bl_error err = {0};
    cr_assert_eq(par_codes_open(&file, par_alone(), path, &err), BL_OK, "%s", err.what);
    cr_assert_eq(codes_info(file)->rows, TINY_TRAIN);
    cr_assert_eq(par_codes_read_local(file, 0, TINY_TRAIN, codes, labels, NULL, &err), BL_OK, "%s", err.what);
    par_codes_close(file);
}

static void expect_same_codes(const char *one, const char *other)
{
    static uint8_t a[TINY_TRAIN * CODE_BYTES], b[TINY_TRAIN * CODE_BYTES];
    static uint32_t a_labels[TINY_TRAIN], b_labels[TINY_TRAIN];
    read_codes(one, a, a_labels);
    read_codes(other, b, b_labels);
    cr_assert_arr_eq(a, b, sizeof a);
    cr_assert_arr_eq(a_labels, b_labels, sizeof a_labels);
}

Test(cli_evaluate, the_same_codes_come_from_any_number_of_ranks)
{
    encode(model, "train", database, 0);
    for (int ranks = 2; ranks <= 3; ranks++) {
        encode(model, "train", queries, ranks);
        expect_same_codes(queries, database);
    }
}

static void encode_rows_of(const char *rows, const char *to, int ranks)
{
    struct cli_result result;
    cli_run(&result, ranks, "encode %s %s -o %s --force", model, rows, to);
    cli_expect_success(&result);
    cli_free(&result);
}

Test(cli_evaluate, rows_of_another_programs_file_get_the_same_codes_gzipped_or_not)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t unused[TINY_TRAIN];
    char rows[TINY_PATH_MAX], zipped[TINY_PATH_MAX + 8], command[2 * TINY_PATH_MAX];
    tiny_path(&tiny, "rows.npy", rows);
    snprintf(zipped, sizeof zipped, "%s.gz", rows);
    snprintf(command, sizeof command, "gzip -k %s", rows);
    tiny_rows(TINY_TRAIN, 1, features, unused);
    tiny_write_npy(rows, "<f4", TINY_TRAIN, TINY_DIM, features);
    cr_assert_eq(system(command), 0);
    encode_rows_of(rows, database, 1);
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        encode_rows_of(zipped, queries, ranks);
        expect_same_codes(queries, database);
    }
}

/* Output over one of the two inputs: refused, and the input is as it was. */
static void refuse_output(int ranks, const char *output, const char *input)
{
    int64_t n, m;
    char *before = tiny_read(input, &n);
    cli_fails(ranks, 2, "-o", "encode %s %s --split test -o %s --force", model, tiny.data, output);
    char *after = tiny_read(input, &m);
    cr_assert(n == m && memcmp(before, after, (size_t)n) == 0, "%s was changed", input);
    free(before);
    free(after);
}

Test(cli_evaluate, encode_does_not_write_over_what_it_reads)
{
    char detour[TINY_PATH_MAX + 64];
    refuse_output(1, tiny.data, tiny.data);
    refuse_output(3, model, model);
    snprintf(detour, sizeof detour, "%s/../data.h5", tiny.run);
    refuse_output(2, detour, tiny.data);
}

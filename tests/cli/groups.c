#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/files/dataset.h"
#include "support/tiny.h"

/* Training and evaluation without classes: rows that share a group are similar. In the data here a row's
 * first group is its class, in numbers of its own, and its other groups are within it. */
enum { LIST = 3, ROWS = TINY_TRAIN };

static struct tiny tiny;
static struct cli_result result;
static float features[ROWS * TINY_DIM];
static int32_t labels[ROWS], one[ROWS], lists[ROWS * LIST];
static char x[TINY_PATH_MAX], g[TINY_PATH_MAX], y[TINY_PATH_MAX], data[TINY_PATH_MAX];

static void make_groups(int64_t n, uint64_t seed)
{
    tiny_rows(n, seed, features, labels);
    for (int64_t i = 0; i < n; i++) {
        one[i] = 700000000 - 1000 * labels[i];
        lists[i * LIST] = i % 3 ? -1 : 5 + labels[i];
        lists[i * LIST + 1] = one[i];
        lists[i * LIST + 2] = i % 2 ? one[i] : -1;
    }
}

/* Imports n rows with one group a row, or a list, and with labels if wanted. */
static void import(const char *split, int64_t n, uint64_t seed, int with_lists, int with_labels)
{
    make_groups(n, seed);
    tiny_write_npy(x, "<f4", n, TINY_DIM, features);
    tiny_write_npy(y, "<i4", n, 0, labels);
    tiny_write_npy(g, "<i4", n, with_lists ? LIST : 0, with_lists ? lists : one);
    cli_succeeds(0, "import --format npy --features %s --groups %s %s %s --split %s --replace -o %s", x, g,
                 with_labels ? "--labels" : "", with_labels ? y : "", split, data);
}

static void import_both(int with_lists, int with_labels)
{
    import("train", TINY_TRAIN, 1, with_lists, with_labels);
    import("test", TINY_TEST, 2, with_lists, with_labels);
}

static void enter(void)
{
    tiny_init(&tiny);
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "y.npy", y);
    tiny_path(&tiny, "g.npy", g);
    tiny_path(&tiny, "data.h5", data);
}

static void leave(void)
{
    cli_free(&result);
    tiny_free(&tiny);
}

TestSuite(cli_groups, .init = enter, .fini = leave);

#define BY_GROUP "--set objective.preset=likelihood --set objective.terms.pairwise.similarity=group"

/* The mAP of `evaluate RUN/model.h5 DATA ... MORE`; result.out keeps the line. */
static double evaluate(int ranks, const char *more)
{
    cli_free(&result);
    cli_run(&result, ranks, "evaluate %s/model.h5 %s --queries test --database train --json %s", tiny.run,
            data, more);
    cli_expect_success(&result);
    return tiny_number(result.out, "map");
}

static void remove_data(void)
{
    cr_assert_eq(remove(data), 0);
}

/* The same figure from codes, which carry the groups. */
static void check_codes(double map)
{
    char queries[TINY_PATH_MAX], database[TINY_PATH_MAX];
    tiny_path(&tiny, "queries.h5", queries);
    tiny_path(&tiny, "database.h5", database);
    cli_succeeds(1, "encode %s/model.h5 %s --split test -o %s --force", tiny.run, data, queries);
    cli_succeeds(2, "encode %s/model.h5 %s --split train -o %s --force", tiny.run, data, database);
    cli_succeeds(0, "check %s", database);
    cli_free(&result);
    cli_run(&result, 2, "evaluate --codes %s %s --json", queries, database);
    cli_expect_success(&result);
    cr_assert_eq(tiny_number(result.out, "map"), map, "%s", result.out);
    cr_assert(strstr(result.out, "\"relevance\":\"any shared group\""), "%s", result.out);
    cli_succeeds(0, "search %s %s -k 3", queries, database);
}

static void check_whole_way(int with_lists)
{
    remove_data();
    import_both(with_lists, 0);
    cli_succeeds(0, "check %s", data);
    cli_succeeds(0, "check %s " BY_GROUP, tiny.config);
    cli_run(&result, 2, "train %s --run %s " BY_GROUP " --set evaluate.early_stop=3", tiny.config, tiny.run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "relevant: any shared group"), "%s", result.err);
    const double map = evaluate(1, "");
    cr_assert_gt(map, 0.9, "%s", result.out);
    cr_assert(strstr(result.out, "\"relevance\":\"any shared group\""), "%s", result.out);
    cr_assert_eq(evaluate(3, "--relevant group"), map);
    check_codes(map);
}

Test(cli_groups, data_without_classes_are_imported_trained_on_and_evaluated)
{
    check_whole_way(0);
}

Test(cli_groups, so_are_data_with_lists_of_groups)
{
    check_whole_way(1);
}

static void digest_of(const char *run, char digest[17])
{
    cli_free(&result);
    cli_run(&result, 0, "info %s/model.h5 --json", run);
    const char *at = strstr(result.out, "\"digest\":\"");
    cr_assert(at, "%s", result.out);
    snprintf(digest, 17, "%.16s", at + strlen("\"digest\":\""));
}

Test(cli_groups, that_are_the_classes_give_the_bits_that_labels_give)
{
    char run[TINY_PATH_MAX + 16], digest[4][17];
    for (int i = 0; i < 4; i++) {
        import_both(i == 2 || i == 3, 1);
        snprintf(run, sizeof run, "%s-%d", tiny.run, i);
        tiny_train_well(&tiny, i == 3 ? 3 : 1, run, i > 0 ? BY_GROUP : "--set objective.preset=likelihood");
        digest_of(run, digest[i]);
    }
    for (int i = 1; i < 4; i++)
        cr_assert_str_eq(digest[i], digest[0], "run %d", i);
}

Test(cli_groups, and_labels_are_each_relevant_when_asked_for)
{
    import_both(0, 1);
    tiny_train_well(&tiny, 1, tiny.run, "");
    const double by_label = evaluate(1, "");
    cr_assert(strstr(result.out, "\"relevance\":\"same class\""), "%s", result.out);
    cr_assert_eq(evaluate(1, "--relevant group"), by_label); /* here the two mean the same */
    cr_assert(strstr(result.out, "\"relevance\":\"any shared group\""), "%s", result.out);
    cli_fails(0, 2, "--relevant must be label, group or neighbours",
              "evaluate %s/model.h5 %s --queries test --database train --relevant ids", tiny.run, data);
    import("test", TINY_TEST, 2, 1, 1);
    cli_fails(2, 3, "has 3 groups a row",
              "evaluate %s/model.h5 %s --queries test --database train --relevant group", tiny.run, data);
}

Test(cli_groups, a_similarity_that_the_data_cannot_give_is_refused)
{
    cli_fails(0, 2, "similarity: group needs groups", "check %s " BY_GROUP, tiny.config);
    tiny_train_refused(&tiny, BY_GROUP, 2, "similarity: group needs groups");
    remove_data();
    import_both(0, 0);
    tiny_train_refused(&tiny, "--set objective.preset=likelihood", 2,
                       "set objective.terms.pairwise.similarity to group");
    tiny_train_refused(&tiny, BY_GROUP " --set objective.terms.classification.weight=1", 2,
                       "classification needs labels");
}

static void import_badly(const char *more, const char *text)
{
    cli_fails(0, 3, text, "import --format npy --features %s --split new -o %s %s", x, data, more);
}

Test(cli_groups, that_are_no_groups_are_refused_at_import)
{
    char more[TINY_PATH_MAX + 40], csv[TINY_PATH_MAX];
    snprintf(more, sizeof more, "--groups %s", g);
    make_groups(4, 1);
    tiny_write_npy(x, "<f4", 4, TINY_DIM, features);
    tiny_write_npy(g, "<i4", 2, 2, (int32_t[]){1, 2, 3, -1});
    import_badly(more, "must describe the same rows");
    tiny_write_npy(g, "<i4", 4, 2, (int32_t[]){1, 2, 3, -1, -1, -1, 0, -2});
    import_badly(more, "row 3 (counted from 0): -2 can't be a group");
    tiny_path(&tiny, "g.csv", csv);
    snprintf(more, sizeof more, "--groups %s", csv);
    tiny_write(csv, "a,b\n1,2\n3,-1\n16777217,5\n0,0\n", 28);
    import_badly(more, "row 2 (counted from 0): CSV and float32");
    tiny_write(csv, "a,b\n1,2\n3,-1\n16777215,5\n0,0\n", 28);
    cli_succeeds(0, "import --format npy --features %s --split new -o %s %s", x, data, more);
}

/* Rows of a cut have names like train:17, which tell where their groups must be from. */
static int64_t check_cut_split(const char *path, const char *split)
{
    struct par_dataset *dataset;
    struct bl_error err = {0};
    char ids[2 * ROWS * 32];
    static uint32_t groups[2 * ROWS * LIST];
    cr_assert_eq(par_dataset_open(&dataset, par_alone(), path, split, &err), 0, "%s", err.what);
    const struct par_split *info = dataset_split(dataset);
    const int64_t rows = info->rows, bytes = info->id_bytes;
    cr_assert(rows <= 2 * ROWS && bytes < 32 && info->groups.words == LIST);
    cr_assert_eq(par_dataset_read_local(dataset, 0, rows, NULL, NULL, ids, &err), 0);
    cr_assert_eq(par_dataset_read_groups_local(dataset, 0, rows, groups, &err), 0);
    for (int64_t i = 0; i < rows; i++) {
        char id[33] = {0};
        memcpy(id, ids + i * bytes, (size_t)bytes);
        const int from_test = strncmp(id, "test:", 5) == 0;
        uint32_t expected[LIST];
        make_groups(from_test ? TINY_TEST : TINY_TRAIN, from_test ? 2 : 1);
        memcpy(expected, lists + atoi(strchr(id, ':') + 1) * LIST, sizeof expected);
        bl_group_pack(info->groups, expected);
        cr_assert_arr_eq(groups + i * LIST, expected, sizeof expected, "%s", id);
    }
    par_dataset_close(dataset);
    return rows;
}

Test(cli_groups, stay_with_their_rows_in_a_cut)
{
    char cut[TINY_PATH_MAX];
    tiny_path(&tiny, "cut.h5", cut);
    import_both(1, 1);
    cli_succeeds(0, "cut cvpr15 %s --queries-per-class 12 -o %s", data, cut);
    cli_succeeds(0, "check %s", cut);
    cr_assert_eq(check_cut_split(cut, "query"), 48);
    cr_assert_eq(check_cut_split(cut, "train"), TINY_TRAIN + TINY_TEST - 48);
    import("test", TINY_TEST, 2, 0, 1);
    cr_assert_eq(remove(cut), 0);
    cli_fails(0, 3, "train has 3 groups per row and test 1", "cut cvpr15 %s -o %s", data, cut);
}

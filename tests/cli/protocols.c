#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/files/dataset.h"
#include "support/tiny.h"

/* From a data set to a figure that says what it is worth. Tiny data have 96 + 16 rows of each of 4 classes.
 */
#define NUMBERS "--queries-per-class 12 --train-per-class 60"

static struct tiny tiny;
static char cut[TINY_PATH_MAX], other[TINY_PATH_MAX];
static struct cli_result result;

static void enter(void)
{
    tiny_init(&tiny);
    tiny_path(&tiny, "cut.h5", cut);
    tiny_path(&tiny, "other.h5", other);
}

static void leave(void)
{
    cli_free(&result);
    tiny_free(&tiny);
}

TestSuite(cli_protocols, .init = enter, .fini = leave);

static void baseline(const char *data, const char *split, const char *model)
{
    cli_succeeds(0, "baseline lsh %s --train %s --bits 16 -o %s --force", data, split, model);
}

/* One line of JSON of `evaluate MODEL ARGUMENTS`, in result.out. */
static void evaluate(int ranks, const char *model, const char *arguments)
{
    cli_free(&result);
    cli_run(&result, ranks, "evaluate %s %s --json", model, arguments);
    cli_expect_success(&result);
}

/* A member that is a text. */
static void expect_text(const char *key, const char *value)
{
    char member[200];
    snprintf(member, sizeof member, "\"%s\":\"%s\"", key, value);
    cr_assert(strstr(result.out, member), "no %s in %s", member, result.out);
}

static void expect_rows(double queries, double database)
{
    cr_assert_eq(tiny_number(result.out, "queries"), queries, "%s", result.out);
    cr_assert_eq(tiny_number(result.out, "database"), database, "%s", result.out);
}

Test(cli_protocols, a_cut_is_trained_on_and_evaluated_without_a_word_about_rows)
{
    char model[TINY_PATH_MAX + 32], set[TINY_PATH_MAX + 64];
    snprintf(model, sizeof model, "%s/model.h5", tiny.run);
    cli_succeeds(0, "cut 54k %s -o %s " NUMBERS, tiny.data, cut);
    snprintf(set, sizeof set, "--set train.epochs=1 --set data.file=%s", cut);
    tiny_train_well(&tiny, 2, tiny.run, set);
    evaluate(3, model, cut);
    expect_rows(48, 448 - 48 - 240);
    expect_text("protocol_name", "54k");
    expect_text("training_rows_in_database", "no");
    expect_text("training_rows_in_queries", "no");
    expect_text("ties", "expectation over all orders");
    cr_assert_eq(tiny_number(result.out, "protocol_seed"), 0);
    cr_assert_eq(tiny_number(result.out, "map_r"), 160);
    cr_assert_eq(tiny_number(result.out, "trained_rows"), 240 - 12, "less a twentieth held out");
    cr_assert(strstr(result.out, "here with 12 queries a class, 60 training rows a class"), "%s", result.out);
    const double map = tiny_number(result.out, "map");
    evaluate(0, model, cut);
    cr_assert_eq(tiny_number(result.out, "map"), map);
}

Test(cli_protocols, what_is_searched_and_was_trained_on_is_told_for_each)
{
    static const struct {
        const char *name, *options, *in_database;
        double queries, database;
    } cases[] = {
        {"test-train", "", "yes", 64, 384},
        {"held-out", "", "no", 32, 32},
        {"cvpr15", "--queries-per-class 12", "yes", 48, 400},
        {"59k", NUMBERS, "yes", 48, 400},
        {"54k", NUMBERS, "no", 48, 160},
        {"50k", "", "yes", 64, 384},
        {"50k-5k", "--train-per-class 60", "yes", 64, 384},
        {"unseen", "", "no", 32, 192},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char data[TINY_PATH_MAX], model[TINY_PATH_MAX], name[64];
        snprintf(name, sizeof name, "%s.h5", cases[i].name);
        tiny_path(&tiny, name, data);
        snprintf(name, sizeof name, "%s-lsh.h5", cases[i].name);
        tiny_path(&tiny, name, model);
        cli_succeeds(0, "cut %s %s -o %s %s", cases[i].name, tiny.data, data, cases[i].options);
        baseline(data, "train", model);
        evaluate(i % 2 ? 0 : 2, model, data);
        expect_rows(cases[i].queries, cases[i].database);
        expect_text("protocol_name", cases[i].name);
        expect_text("training_rows_in_database", cases[i].in_database);
        expect_text("training_rows_in_queries", "no");
        cli_succeeds(0, "check %s", data);
    }
}

Test(cli_protocols, training_rows_are_known_by_themselves_in_any_file_and_type)
{
    char model[TINY_PATH_MAX], codes[2][TINY_PATH_MAX], arguments[3 * TINY_PATH_MAX];
    tiny_path(&tiny, "lsh.h5", model);
    cli_succeeds(0, "cut 54k %s -o %s " NUMBERS, tiny.data, cut);
    baseline(cut, "train", model);
    snprintf(arguments, sizeof arguments, "%s --queries test --database train", tiny.data);
    evaluate(2, model, arguments);
    expect_text("protocol_name", "splits");
    expect_text("training_rows_in_database", "part");
    expect_text("training_rows_in_queries", "part");
    /* The same through codes. */
    const double found = tiny_number(result.out, "in_database");
    for (int i = 0; i < 2; i++) {
        tiny_path(&tiny, i ? "train-codes.h5" : "test-codes.h5", codes[i]);
        cli_succeeds(i, "encode %s %s --split %s -o %s --force", model, tiny.data, i ? "train" : "test",
                     codes[i]);
    }
    snprintf(arguments, sizeof arguments, "%s %s", codes[0], codes[1]);
    evaluate(0, "--codes", arguments);
    expect_text("protocol_name", "codes");
    expect_text("training_rows_in_database", "part");
    cr_assert_eq(tiny_number(result.out, "in_database"), found);
}

Test(cli_protocols, halving_by_evaluate_takes_the_rows_that_cut_takes)
{
    char model[TINY_PATH_MAX], arguments[2 * TINY_PATH_MAX];
    double map[2];
    tiny_path(&tiny, "lsh.h5", model);
    baseline(tiny.data, "train", model);
    for (int seed = 0; seed < 2; seed++) {
        snprintf(arguments, sizeof arguments, "%s --protocol held-out --seed %d", tiny.data, seed);
        evaluate(0, model, arguments);
        expect_rows(32, 32);
        expect_text("training_rows_in_database", "no");
        map[seed] = tiny_number(result.out, "map");
        for (int ranks = 1; ranks <= 4; ranks += 3) {
            evaluate(ranks, model, arguments);
            cr_assert_eq(tiny_number(result.out, "map"), map[seed]);
        }
        cli_succeeds(0, "cut held-out %s -o %s --seed %d", tiny.data, seed ? cut : other, seed);
        evaluate(2, model, seed ? cut : other);
        cr_assert_eq(tiny_number(result.out, "map"), map[seed]);
    }
    cr_assert_neq(map[0], map[1]);
    /* Rows of one half that were trained on aren't among those of the other. */
    baseline(other, "database", model);
    snprintf(arguments, sizeof arguments, "%s --protocol held-out --seed 0", tiny.data);
    evaluate(2, model, arguments);
    expect_text("training_rows_in_database", "yes");
    expect_text("training_rows_in_queries", "no");
}

Test(cli_protocols, an_evaluation_becomes_a_curve)
{
    char model[TINY_PATH_MAX], json[TINY_PATH_MAX];
    tiny_path(&tiny, "lsh.h5", model);
    tiny_path(&tiny, "result.json", json);
    baseline(tiny.data, "train", model);
    cli_succeeds(0, "cut held-out %s -o %s", tiny.data, cut);
    evaluate(2, model, cut);
    tiny_write(json, result.out, (int64_t)strlen(result.out));
    cli_free(&result);
    cli_run(&result, 0, "report --precision-recall %s --data", json);
    cli_expect_success(&result);
    int lines = 0;
    for (const char *at = result.out; (at = strchr(at, '\n')); at++)
        lines++;
    cr_assert_eq(lines, 1 + 17, "%s", result.out);
    cr_assert(strstr(result.out, "result: lsh, 16 bits\theld-out (seed 0) of cut.h5: 32 queries, 32 items, "
                                 "training rows searched: no\t"),
              "%s", result.out);
}

Test(cli_protocols, test_train_is_the_two_splits)
{
    char model[TINY_PATH_MAX], arguments[2 * TINY_PATH_MAX];
    tiny_path(&tiny, "lsh.h5", model);
    baseline(tiny.data, "train", model);
    snprintf(arguments, sizeof arguments, "%s --protocol test-train", tiny.data);
    evaluate(0, model, arguments);
    expect_text("protocol_name", "test-train");
    const double map = tiny_number(result.out, "map");
    snprintf(arguments, sizeof arguments, "%s --queries test --database train", tiny.data);
    evaluate(2, model, arguments);
    cr_assert_eq(tiny_number(result.out, "map"), map);
}

/* The split's rows of ids, features and labels of the source as they are in the cut. */
static void expect_rows_of_the_source(const char *split)
{
    struct par_dataset *of_cut, *source[2];
    struct bl_error err = {0};
    float row[TINY_DIM], original[TINY_DIM];
    uint32_t label, original_label;
    cr_assert_eq(par_dataset_open(&of_cut, par_alone(), cut, split, &err), 0, "%s", err.what);
    cr_assert_eq(par_dataset_open(&source[0], par_alone(), tiny.data, "train", &err), 0);
    cr_assert_eq(par_dataset_open(&source[1], par_alone(), tiny.data, "test", &err), 0);
    const struct par_split *info = dataset_split(of_cut);
    char id[32] = "";
    cr_assert_lt(info->id_bytes, 32);
    for (int64_t i = 0; i < info->rows; i++) {
        cr_assert_eq(par_dataset_read_local(of_cut, i, 1, row, &label, id, &err), 0, "%s", err.what);
        const int test = strncmp(id, "test:", 5) == 0;
        const int64_t place = atol(strchr(id, ':') + 1);
        cr_assert_eq(par_dataset_read_local(source[test], place, 1, original, &original_label, NULL, &err),
                     0);
        cr_assert_arr_eq(row, original, sizeof row, "%s", id);
        cr_assert_eq(label, original_label, "%s", id);
    }
    par_dataset_close(of_cut);
    par_dataset_close(source[0]);
    par_dataset_close(source[1]);
}

Test(cli_protocols, ids_lead_each_row_back_to_its_source)
{
    cli_succeeds(0, "cut 59k %s -o %s " NUMBERS, tiny.data, cut);
    expect_rows_of_the_source("train");
    expect_rows_of_the_source("query");
    expect_rows_of_the_source("database");
}

Test(cli_protocols, the_same_cut_is_the_same_bytes)
{
    int64_t n, m;
    cli_succeeds(0, "cut 59k %s -o %s --seed 5 " NUMBERS, tiny.data, cut);
    cli_succeeds(0, "cut 59k %s -o %s --seed 5 " NUMBERS, tiny.data, other);
    char *a = tiny_read(cut, &n), *b = tiny_read(other, &m);
    cr_assert(n == m && memcmp(a, b, (size_t)n) == 0);
    free(a);
    free(b);
}

Test(cli_protocols, a_cut_that_can_not_be_made_says_why_and_leaves_nothing)
{
    cli_fails(0, 2, "did you mean 'cvpr15'", "cut cvpr16 %s -o %s", tiny.data, cut);
    cli_fails(0, 2, "class 0 has 112 rows", "cut 59k %s -o %s", tiny.data, cut);
    cli_fails(0, 2, "-o OUT", "cut 59k %s", tiny.data);
    cli_fails(0, 2, "--seed has no meaning", "cut test-train %s -o %s --seed 1", tiny.data, cut);
    cli_fails(0, 2, "leave out --train-per-class", "cut cvpr15 %s -o %s --train-per-class 5", tiny.data, cut);
    cli_fails(0, 2, "leave out --unseen-classes", "cut 59k %s -o %s --unseen-classes 5", tiny.data, cut);
    cli_fails(0, 2, "trains on at least 2", "cut unseen %s -o %s --unseen-classes 3", tiny.data, cut);
    cli_fails(0, 4, "absent", "cut held-out %s/absent.h5 -o %s", tiny.folder, cut);
    cli_fails(0, 2, "the input", "cut held-out %s -o %s", tiny.data, tiny.data);
    cr_assert_not(tiny_exists(cut));
    cli_succeeds(0, "cut held-out %s -o %s", tiny.data, cut);
    cli_fails(0, 4, "exists", "cut held-out %s -o %s", tiny.data, cut);
    tiny_path(&tiny, "cut.h5.part", other);
    cr_assert_not(tiny_exists(other));
}

Test(cli_protocols, a_cut_of_a_cut_or_of_one_split_is_answered_by_the_splits_there_are)
{
    cli_succeeds(0, "cut 54k %s -o %s " NUMBERS, tiny.data, cut);
    cli_fails(0, 2, "it has: database, query, train", "cut held-out %s -o %s", cut, other);
}

static void import_matrix(const char *split, int64_t n)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    static uint8_t matrix[TINY_TRAIN * TINY_CLASSES];
    char x[TINY_PATH_MAX], y[TINY_PATH_MAX];
    tiny_rows(n, (uint64_t)n, features, labels);
    memset(matrix, 0, sizeof matrix);
    for (int64_t i = 0; i < n; i++)
        matrix[i * TINY_CLASSES + labels[i]] = matrix[i * TINY_CLASSES + (labels[i] + 1) % 4] = 1;
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "y.npy", y);
    tiny_write_npy(x, "<f4", n, TINY_DIM, features);
    tiny_write_npy(y, "|u1", n, TINY_CLASSES, matrix);
    cli_succeeds(0, "import --format npy --features %s --labels %s --split %s -o %s", x, y, split, other);
}

Test(cli_protocols, several_labels_a_row_are_refused_only_where_classes_are_drawn)
{
    char model[TINY_PATH_MAX];
    tiny_path(&tiny, "lsh.h5", model);
    import_matrix("train", TINY_TRAIN);
    import_matrix("test", TINY_TEST);
    cli_fails(0, 2, "needs one class", "cut 54k %s -o %s", other, cut);
    cli_fails(0, 2, "needs one class", "cut unseen %s -o %s", other, cut);
    cli_succeeds(0, "cut held-out %s -o %s", other, cut);
    baseline(cut, "train", model);
    evaluate(2, model, cut);
    const double map = tiny_number(result.out, "map");
    expect_text("relevance", "any shared label");
    char arguments[2 * TINY_PATH_MAX];
    snprintf(arguments, sizeof arguments, "%s --protocol held-out", other);
    evaluate(0, model, arguments);
    cr_assert_eq(tiny_number(result.out, "map"), map);
}

Test(cli_protocols, an_evaluation_that_does_not_fit_its_data_says_what_to_do)
{
    char model[TINY_PATH_MAX];
    tiny_path(&tiny, "lsh.h5", model);
    cli_succeeds(0, "cut 54k %s -o %s " NUMBERS, tiny.data, cut);
    baseline(cut, "train", model);
    for (int ranks = 0; ranks <= 3; ranks += 3) {
        cli_fails(ranks, 2, "first `bitloom cut 59k", "evaluate %s %s --protocol 59k", model, tiny.data);
        cli_fails(ranks, 2, "was cut by 54k, not by 59k", "evaluate %s %s --protocol 59k", model, cut);
        cli_fails(ranks, 2, "did you mean 'held-out'", "evaluate %s %s --protocol heldout", model, tiny.data);
    }
    cli_fails(0, 2, "or --protocol NAME", "evaluate %s %s", model, tiny.data);
    cli_fails(0, 2, "drawn already", "evaluate %s %s --seed 3", model, cut);
    cli_fails(0, 2, "draws nothing", "evaluate %s %s --protocol test-train --seed 3", model, tiny.data);
    cli_fails(0, 2, "give only one", "evaluate %s %s --protocol held-out --queries test --database train",
              model, tiny.data);
    cli_fails(0, 2, "no meaning", "evaluate --codes %s %s --protocol held-out", model, tiny.data);
}

Test(cli_protocols, nothing_is_imported_into_a_cut)
{
    char x[TINY_PATH_MAX];
    tiny_path(&tiny, "x.npy", x);
    cli_succeeds(0, "cut held-out %s -o %s", tiny.data, cut);
    cli_fails(0, 2, "was cut by the protocol held-out",
              "import --format npy --features %s --split more -o %s", x, cut);
}

Test(cli_protocols, a_model_remembers_what_the_model_it_began_from_was_trained_on)
{
    char first[TINY_PATH_MAX + 32], second[TINY_PATH_MAX + 32], run[TINY_PATH_MAX], more[4 * TINY_PATH_MAX];
    cli_succeeds(0, "cut 54k %s -o %s " NUMBERS, tiny.data, cut);
    snprintf(first, sizeof first, "%s/model.h5", tiny.run);
    snprintf(more, sizeof more, "--set train.epochs=1 --set data.file=%s", tiny.data);
    tiny_train_well(&tiny, 1, tiny.run, more); /* on all train rows */
    tiny_path(&tiny, "second", run);
    snprintf(second, sizeof second, "%s/model.h5", run);
    /* Then on the cut's; in two starts, so that a checkpoint has to remember. */
    snprintf(more, sizeof more, "--set data.file=%s --set train.steps=2 --init %s", cut, first);
    tiny_train_well(&tiny, 2, run, more);
    snprintf(more, sizeof more, "--set data.file=%s --set train.steps=4", cut);
    tiny_train_well(&tiny, 1, run, more);
    evaluate(0, second, cut);
    cr_assert_eq(tiny_number(result.out, "trained_rows"), 384 - 19 + 240 - 12, "%s", result.out);
    expect_text("training_rows_in_database", "part");
    expect_text("training_rows_in_queries", "part");
}

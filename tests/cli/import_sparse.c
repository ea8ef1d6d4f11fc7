#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/tiny.h"

/* Rows as index:value of what isn't 0, from their file to codes. */

static struct tiny tiny;
static char train[TINY_PATH_MAX], test[TINY_PATH_MAX], data[TINY_PATH_MAX], model[TINY_PATH_MAX];

static void write_text(const char *path, const char *text)
{
    tiny_write(path, text, (int64_t)strlen(text));
}

static void enter(void)
{
    cli_temp_folder(tiny.folder);
    tiny_path(&tiny, "train.svm", train);
    tiny_path(&tiny, "test", test);
    tiny_path(&tiny, "sparse.h5", data);
    tiny_path(&tiny, "model.h5", model);
    write_text(train, "0 1:1 6:2 # a row\n1 2:1\n0 1:3 3:-1\n1 2:2 4:0.5\n");
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_import_sparse, .init = enter, .fini = leave);

static void import_saying(const char *path, const char *more, const char *text)
{
    struct cli_result result;
    cli_run(&result, 0, "import --format svmlight --features %s -o %s %s", path, data, more);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, text), "'%s' is not in: %s", text, result.err);
    cli_free(&result);
}

static void import_badly(const char *path, const char *more, int status, const char *text)
{
    cli_fails(0, status, text, "import --format svmlight --features %s -o %s %s", path, data, more);
}

Test(cli_import_sparse, a_test_split_is_as_wide_as_train_and_a_larger_index_is_refused)
{
    import_saying(train, "--split train",
                  "imported 4 rows of 6 x float32, 2 classes between 0 and 1 as split train");
    write_text(test, "1 3:2\n0 1:1\n");
    import_saying(test, "--split test", "imported 2 rows of 6 x float32");
    write_text(test, "1 3:2\n0 7:1\n");
    import_badly(test, "--split more", 3, "line 2 has the index 7, but here rows have 6 features");
    import_saying(test, "--split more --columns 8", "imported 2 rows of 8 x float32");
}

Test(cli_import_sparse, where_indices_begin_is_said_and_can_be_given)
{
    import_saying(train, "--split train", "(indices from 1)");
    import_saying(train, "--split train --replace --first-index 0", "4 rows of 7 x float32");
    write_text(test, "1 0:2 6:1\n");
    import_saying(test, "--split test", "(indices from 0)");
    import_badly(test, "--split test --replace --first-index 1", 3, "line 1 has the index 0");
}

Test(cli_import_sparse, several_labels_a_row_are_a_matrix_as_wide_as_that_of_train)
{
    write_text(test, "0,4 1:1\n2 2:1\n 2:2\n");
    import_saying(test, "--split train", "a matrix of 5 labels");
    write_text(test, "1 1:1\n2 2:1\n");
    import_saying(test, "--split test", "a matrix of 5 labels");
}

Test(cli_import_sparse, labels_beside_it_replace_its_own_which_may_then_be_fractions)
{
    char more[TINY_PATH_MAX + 60], labels[TINY_PATH_MAX];
    tiny_path(&tiny, "labels.svm", labels);
    write_text(test, "0.5 1:1\n0.25 2:1\n");
    write_text(labels, "3\n1,2\n");
    import_badly(test, "--split train", 3, "line 1: the label '0.5' can't be a class");
    snprintf(more, sizeof more, "--split train --labels %s", labels);
    import_saying(test, more, "2 rows of 2 x float32, a matrix of 4 labels");
    write_text(test, "-1 1:1\n+1 2:1\n");
    import_saying(test, "--split train --replace", "the only values are -1 and 1");
}

Test(cli_import_sparse, options_of_sparse_rows_are_checked)
{
    import_badly(train, "--split train --columns 0", 2, "--columns must be a whole number from 1");
    import_badly(train, "--split train --first-index 2", 2,
                 "--first-index must be a whole number from 0 to 1");
    cli_fails(0, 2, "--columns is for features in svmlight, not csv",
              "import --format csv --features %s --columns 3 --split train -o %s", train, data);
}

Test(cli_import_sparse, encode_takes_rows_of_the_width_of_the_model)
{
    struct cli_result direct, whole;
    import_saying(train, "--split train", "(indices from 1)");
    cli_succeeds(0, "baseline lsh %s --bits 16 -o %s", data, model);
    write_text(train, "0.5 1:1\n7 2:1\n");
    cli_run(&direct, 0, "encode %s %s -o %s/a.h5", model, train, tiny.folder);
    cli_expect_success(&direct);
    cr_assert(strstr(direct.err, "encoded 2 rows of train.svm (indices from 1) to"), "%s", direct.err);
    write_text(train, "0 1:1\n1 2:1\n");
    import_saying(train, "--split test", "2 rows of 6");
    cli_succeeds(0, "encode %s %s --split test -o %s/b.h5", model, data, tiny.folder);
    cli_run(&whole, 0, "search %s/a.h5 %s/b.h5 -k 1", tiny.folder, tiny.folder);
    cli_expect_success(&whole);
    int distance, rows = 0;
    for (const char *line = whole.out; line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (sscanf(line, "%*d %*d %*d %d", &distance) == 1) {
            cr_assert_eq(distance, 0, "%s", whole.out);
            rows++;
        }
    cr_assert_eq(rows, 2, "%s", whole.out);
    cli_free(&direct);
    cli_free(&whole);
    write_text(train, "0 7:1\n");
    cli_fails(0, 3, "here rows have 6 features", "encode %s %s -o %s/c.h5", model, train, tiny.folder);
}

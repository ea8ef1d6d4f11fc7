#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tiny.h"

/* What labels say is counted back, and classes are compared only where they are the same. */
static struct tiny tiny;
static struct cli_result result;
static float features[TINY_TRAIN * TINY_DIM];
static int32_t labels[TINY_TRAIN];
static char x[TINY_PATH_MAX], y[TINY_PATH_MAX], csv[TINY_PATH_MAX], data[TINY_PATH_MAX];

static void enter(void)
{
    tiny_init(&tiny);
    tiny_rows(TINY_TRAIN, 1, features, labels);
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "y.npy", y);
    tiny_path(&tiny, "rows.csv", csv);
    tiny_path(&tiny, "labels.h5", data);
    tiny_write_npy(x, "<f4", TINY_TRAIN, TINY_DIM, features);
}

static void leave(void)
{
    cli_free(&result);
    tiny_free(&tiny);
}

TestSuite(cli_labels, .init = enter, .fini = leave);

static void expect_said(const char *text)
{
    cli_expect_success(&result);
    cr_assert(strstr(result.err, text) || strstr(result.out, text), "'%s' is in neither of:\n%s\n%s", text,
              result.err, result.out);
}

static void expect_not_said(const char *text)
{
    cr_assert_not(strstr(result.err, text), "%s", result.err);
}

/* Runs the program anew. */
#define RUN(...)                                                                                             \
    do {                                                                                                     \
        cli_free(&result);                                                                                   \
        cli_run(&result, 0, __VA_ARGS__);                                                                    \
    } while (0)

static void import_labels(const int32_t *classes, const char *split, const char *more)
{
    tiny_write_npy(y, "<i4", TINY_TRAIN, 0, classes);
    RUN("import --format npy --features %s --labels %s --split %s -o %s %s", x, y, split, data, more);
}

static void import_csv(const char *text, const char *split, const char *more)
{
    tiny_write(csv, text, (int64_t)strlen(text));
    RUN("import --format csv --features %s --label-column class --split %s -o %s %s", csv, split, data, more);
}

/* Rows of the tiny data with names of classes in a CSV: class c is names[c]. */
static void import_named(const char *const *names, const char *split)
{
    char *text = malloc(1 << 20);
    size_t n = (size_t)sprintf(text, "class");
    for (int d = 0; d < TINY_DIM; d++)
        n += (size_t)sprintf(text + n, ",f%d", d);
    for (int i = 0; i < TINY_TRAIN; i++) {
        n += (size_t)sprintf(text + n, "\n%s", names[labels[i]]);
        for (int d = 0; d < TINY_DIM; d++)
            n += (size_t)sprintf(text + n, ", %.6g", (double)features[i * TINY_DIM + d]);
    }
    import_csv(text, split, "");
    free(text);
}

Test(cli_labels, minus_one_and_one_are_counted_back_and_refused_by_terms_of_labels)
{
    int32_t classes[TINY_TRAIN];
    for (int i = 0; i < TINY_TRAIN; i++)
        classes[i] = i % 2 ? 1 : -1;
    import_labels(classes, "train", "");
    expect_said("1 class, 192 rows without one (-1)");
    expect_said("warning: labels: the only values are -1 and 1, and -1 means none");
    RUN("info %s", data);
    expect_said("1 class, 192 rows without one (-1)");
    RUN("info --json %s", data);
    expect_said("\"rows_without_label\":192");
    cli_fails(0, 2, "needs rows that differ in their labels", "check %s --set data.file=%s", tiny.config,
              data);
    cli_fails(0, 2, "needs rows that differ in their labels", "train %s --set data.file=%s --run %s",
              tiny.config, data, tiny.run);
}

Test(cli_labels, classes_that_occur_are_counted_in_every_command)
{
    int32_t classes[TINY_TRAIN];
    for (int i = 0; i < TINY_TRAIN; i++)
        classes[i] = i < 35 ? -1 : labels[i] + 3;
    import_labels(classes, "train", "");
    expect_said("4 classes between 3 and 6, 35 rows without one (-1)");
    RUN("check %s --set data.file=%s", tiny.config, data);
    expect_said("4 classes between 3 and 6, 35 rows without one (-1)");
    RUN("train %s --set data.file=%s --run %s", tiny.config, data, tiny.run);
    expect_said("training rows: 4 classes between 3 and 6, ");
    RUN("evaluate %s/model.h5 %s --queries train --database train", tiny.run, data);
    expect_said("queries: 4 classes between 3 and 6, 35 rows without one (-1)");
    expect_said("database: 4 classes between 3 and 6, 35 rows without one (-1)");
}

Test(cli_labels, one_class_has_no_map_without_a_remark)
{
    const int32_t classes[TINY_TRAIN] = {0};
    import_labels(classes, "train", "");
    expect_said("warning: labels: there is only one class");
    RUN("train %s --set data.file=%s --set objective.preset=dh --run %s", tiny.config, data, tiny.run);
    expect_said("warning: there is only one class");
    expect_said("(of one class only)");
    RUN("evaluate %s/model.h5 %s --queries train --database train --json", tiny.run, data);
    expect_said("\"remarks\":[\"the queries' labels: there is only one class");
}

Test(cli_labels, a_mean_over_nothing_is_no_number)
{
    int32_t classes[TINY_TRAIN];
    for (int i = 0; i < TINY_TRAIN; i++)
        classes[i] = labels[i] + 10;
    import_labels(labels, "train", "");
    import_labels(classes, "other", "");
    RUN("baseline lsh %s --bits 16 -o %s/m.h5 --force", data, tiny.folder);
    RUN("evaluate %s/m.h5 %s --queries other --database train", tiny.folder, data);
    expect_said("no query has a relevant item: do both splits number their classes alike?");
    cr_assert_not(strstr(result.out, "0.0000"), "%s", result.out);
    RUN("evaluate %s/m.h5 %s --queries other --database train --json", tiny.folder, data);
    expect_said("\"map\":null,\"map_answerable\":null");
    expect_said("\"precision_radius2\":null");
}

Test(cli_labels, names_are_never_compared_with_numbers_nor_with_others)
{
    const char *const first[] = {"zebra", "ant", "emu", "cat"}, *const second[] = {"cat", "zebra", "ant",
                                                                                   "emu"};
    import_labels(labels, "train", "");
    import_named(first, "named");
    expect_said("warning: split train has class numbers without names and split named has names");
    RUN("baseline lsh %s --bits 16 -o %s/m.h5 --force", data, tiny.folder);
    cli_fails(0, 3, "can't be compared", "evaluate %s/m.h5 %s --queries named --database train", tiny.folder,
              data);
    import_named(second, "again");
    expect_not_said("in no other split");
    RUN("evaluate %s/m.h5 %s --queries named --database again", tiny.folder, data);
    expect_said("queries: 4 named classes");
    import_labels(labels, "numbered", "--class-names zebra,ant,emu,cat");
    expect_said("class 0 is 'ant' in split again and 'zebra' in split numbered");
    cli_fails(0, 3, "class 0 is", "evaluate %s/m.h5 %s --queries numbered --database again", tiny.folder,
              data);
    import_labels(labels, "test", "--class-names zebra,ant,emu,cat");
    import_named(first, "train2");
    cli_fails(0, 3, "can't be compared", "cut test-train %s -o %s/cut.h5", data, tiny.folder);
}

Test(cli_labels, blanks_make_no_classes)
{
    import_csv("a, b, class\n1,2,cat\n1,3, cat\n5,6,dog\n5,7,\tdog\n", "train", "");
    expect_said("2 named classes");
    import_csv("a, b, class\n1, 1, 10\n7, 2, 2\n2, 3, 2\n", "numbers", "");
    expect_said("2 classes between 2 and 10");
    import_csv("a,b,class\n1,2,Cat\n1,3,cat\n5,6,?\n5,7,-1\n", "odd", "");
    expect_said("'cat' and 'Cat' differ only in blanks or case");
    expect_said("'?' (1 row, first in line 4) is taken as the name of a class");
    expect_said("'-1' among names (1 row, first in line 5) is taken as no class");
    import_csv("a,class\n1,0.5\n3,1\n", "fractions", "");
    expect_said("'0.5' (line 2) is a number with a fraction");
}

Test(cli_labels, an_index_of_pandas_is_remarked_with_its_remedy)
{
    import_csv(",f,class\n0,7,1\n1,3,0\n2,5,1\n", "train", "");
    expect_said("column 0 ('') numbers the rows");
    expect_said("--id-column 0");
    import_csv(",f,class\n0,7,1\n1,3,0\n2,5,1\n", "test", "--id-column 0");
    expect_not_said("numbers the rows");
    import_csv("id,f,class\n0,7,1\n0,3,0\n2,5,1\n", "ids", "--id-column id");
    expect_said("ids: 1 row with the id of an earlier row, first row 1 with that of row 0");
}

Test(cli_labels, doubled_options_and_names_with_line_ends_are_refused)
{
    cli_fails(0, 2, "--split is given twice", "import --format npy --features %s --split a --split b -o %s",
              x, data);
    cli_fails(0, 2, "--output is given twice", "encode m.h5 x.npy -o a.h5 --output b.h5");
    cli_fails(0, 2, "--json is given twice", "info --json --json %s", x);
    cli_fails(0, 2, "--seed is given twice", "baseline lsh %s --seed 1 --seed=2", data);
    cli_fails(0, 2, "can't be the name of a split",
              "import --format npy --features %s --split \"$(printf 'a\\nb')\" -o %s", x, data);
}

Test(cli_labels, without_labels_what_works_is_named_and_a_collapse_is_seen)
{
    RUN("import --format npy --features %s --split train -o %s", x, data);
    const char *set = "--set train.epochs=1 --set objective.preset";
    cli_fails(0, 2, "set objective.preset to dh or fit `bitloom baseline itq`",
              "train %s --set data.file=%s %s=joint --run %s", tiny.config, data, set, tiny.run);
    cli_fails(0, 2, "--groups", "train %s --set data.file=%s %s=likelihood --run %s", tiny.config, data, set,
              tiny.run);
    cli_fails(0, 2, "only quantization has a weight",
              "train %s --set data.file=%s %s=none --set objective.terms.quantization.weight=1 --run %s",
              tiny.config, data, set, tiny.run);
    for (int i = 0; i < TINY_TRAIN * TINY_DIM; i++)
        features[i] = i < TINY_DIM ? (float)i : 1.0f; /* all rows but one get one code */
    tiny_write_npy(x, "<f4", TINY_TRAIN, TINY_DIM, features);
    RUN("import --format npy --features %s --split train --replace -o %s", x, data);
    RUN("train %s --set data.file=%s %s=none --set objective.terms.balance.weight=1 --run %s", tiny.config,
        data, set, tiny.run);
    expect_said("(top two: ");
    expect_said("warning: the codes collapse");
    RUN("encode %s/model.h5 %s --split train -o %s/c.h5 --force", tiny.run, data, tiny.folder);
    expect_said("the model has collapsed");
    RUN("search %s/c.h5 %s/c.h5 -k 1 -o %s/n.tsv --force", tiny.folder, tiny.folder, tiny.folder);
    expect_said("the model has collapsed");
}

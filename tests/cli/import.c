#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/files/dataset.h"
#include "support/tiny.h"

static struct tiny tiny;
static float features[TINY_TRAIN * TINY_DIM];
static int32_t labels[TINY_TRAIN];
static char x[TINY_PATH_MAX], y[TINY_PATH_MAX], data[TINY_PATH_MAX];

static void enter(void)
{
    cli_temp_folder(tiny.folder);
    tiny_rows(TINY_TRAIN, 1, features, labels);
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "y.npy", y);
    tiny_path(&tiny, "data.h5", data);
    tiny_write_npy(x, "<f4", TINY_TRAIN, TINY_DIM, features);
    tiny_write_npy(y, "<i4", TINY_TRAIN, 0, labels);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_import, .init = enter, .fini = leave);

static void import(const char *more)
{
    cli_succeeds(0, "import --format npy --features %s -o %s %s", x, data, more);
}

static void import_badly(const char *more, int status, const char *text)
{
    cli_fails(0, status, text, "import --format npy --features %s -o %s %s", x, data, more);
}

static void expect_rows(const char *split, int has_labels)
{
    static float got[TINY_TRAIN * TINY_DIM];
    static uint32_t got_labels[TINY_TRAIN];
    struct par_dataset *dataset;
    struct bl_error err = {0};
    cr_assert_eq(par_dataset_open(&dataset, par_alone(), data, split, &err), BL_OK, "%s", err.what);
    cr_assert_eq(dataset_split(dataset)->rows, TINY_TRAIN);
    cr_assert_eq(dataset_split(dataset)->dim, TINY_DIM);
    cr_assert_eq(dataset_split(dataset)->type, BL_FLOAT32);
    cr_assert_eq(dataset_split(dataset)->labels.kind, has_labels ? BL_LABELS_SINGLE : BL_LABELS_NONE);
    cr_assert_eq(
        par_dataset_read_local(dataset, 0, TINY_TRAIN, got, has_labels ? got_labels : NULL, NULL, &err),
        BL_OK);
    cr_assert_arr_eq(got, features, sizeof features);
    if (has_labels)
        cr_assert_arr_eq(got_labels, labels, sizeof labels);
    par_dataset_close(dataset);
}

Test(cli_import, what_is_read_back_is_what_was_given)
{
    char more[TINY_PATH_MAX + 40];
    snprintf(more, sizeof more, "--labels %s --split train", y);
    import(more);
    expect_rows("train", 1);
}

Test(cli_import, a_second_split_leaves_the_first_as_it_is)
{
    char more[TINY_PATH_MAX + 40];
    import("--split train");
    snprintf(more, sizeof more, "--labels %s --split test", y);
    import(more);
    expect_rows("train", 0);
    expect_rows("test", 1);
}

Test(cli_import, a_split_that_exists_is_replaced_only_on_request)
{
    import("--split train");
    import_badly("--split train", 2, "--replace");
    import("--split train --replace");
    expect_rows("train", 0);
}

Test(cli_import, a_label_matrix_is_multi_label)
{
    char more[TINY_PATH_MAX + 40];
    struct par_dataset *dataset;
    struct bl_error err = {0};
    static uint8_t matrix[TINY_TRAIN * 3];
    for (int i = 0; i < TINY_TRAIN * 3; i++)
        matrix[i] = (uint8_t)(i % 2);
    tiny_write_npy(y, "|u1", TINY_TRAIN, 3, matrix);
    snprintf(more, sizeof more, "--labels %s --split train", y);
    import(more);
    cr_assert_eq(par_dataset_open(&dataset, par_alone(), data, "train", &err), BL_OK, "%s", err.what);
    cr_assert_eq(dataset_split(dataset)->labels.kind, BL_LABELS_MULTI);
    cr_assert_eq(dataset_split(dataset)->labels.classes, 3);
    par_dataset_close(dataset);
}

Test(cli_import, labels_of_other_rows_are_refused_and_nothing_is_written)
{
    char more[TINY_PATH_MAX + 40];
    tiny_write_npy(y, "<i4", TINY_TRAIN - 1, 0, labels);
    snprintf(more, sizeof more, "--labels %s --split train", y);
    import_badly(more, 3, "383");
    cr_assert(!tiny_exists(data));
}

Test(cli_import, files_that_are_not_whole_are_refused)
{
    int64_t n;
    char *bytes = tiny_read(x, &n);
    for (int64_t cut = 0; cut < n; cut += n / 7) {
        FILE *file = fopen(x, "wb");
        cr_assert(file && fwrite(bytes, 1, (size_t)cut, file) == (size_t)cut);
        fclose(file);
        import_badly("--split train", 3, "x.npy");
        cr_assert(!tiny_exists(data));
    }
    free(bytes);
}

Test(cli_import, a_file_that_is_not_there)
{
    remove(x);
    import_badly("--split train", 4, "x.npy");
}

Test(cli_import, an_unknown_format_and_a_missing_option_are_named)
{
    import_badly("", 2, "--split");
    cli_fails(0, 2, "npy", "import --format nyp --features %s --split train -o %s", x, data);
}

Test(cli_import, the_output_is_not_one_of_the_inputs)
{
    cli_fails(0, 2, "would replace", "import --format npy --features %s --split train -o %s", x, x);
}

Test(cli_import, a_file_that_is_no_data_set_is_left_alone)
{
    int64_t n, m;
    char *before = tiny_read(y, &n);
    struct cli_result result;
    cli_run(&result, 0, "import --format npy --features %s --split train -o %s", x, y);
    cli_expect_error(&result, 3, "y.npy");
    char *after = tiny_read(y, &m);
    cr_assert(n == m && memcmp(before, after, (size_t)n) == 0);
    free(before);
    free(after);
    cli_free(&result);
}

Test(cli_import, under_a_launcher_one_rank_works)
{
    cli_succeeds(3, "import --format npy --features %s --split train -o %s", x, data);
    expect_rows("train", 0);
}

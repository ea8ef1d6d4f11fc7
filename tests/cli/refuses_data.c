#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tiny.h"

/* Training on data that are absent, damaged or unfit: one line, the documented status, on any number of
 * ranks, and no hang. */
static struct tiny tiny;
static float features[TINY_TRAIN * TINY_DIM];
static int32_t labels[TINY_TRAIN];

static void enter(void)
{
    tiny_init(&tiny);
    tiny_rows(TINY_TRAIN, 1, features, labels);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_refuses_data, .init = enter, .fini = leave);

Test(cli_refuses_data, a_data_file_that_is_not_there)
{
    for (int ranks = 1; ranks <= 4; ranks++)
        tiny_train_badly(&tiny, ranks, "--set data.file=absent.h5", 4, "absent.h5");
}

Test(cli_refuses_data, an_empty_data_file)
{
    tiny_write(tiny.data, "", 0);
    tiny_train_refused(&tiny, "", 3, "data.h5");
}

Test(cli_refuses_data, a_data_file_that_is_not_hdf5)
{
    tiny_write(tiny.data, "a,b,c\n1,2,3\n", 12);
    tiny_train_refused(&tiny, "", 3, "data.h5");
}

Test(cli_refuses_data, a_truncated_data_file)
{
    int64_t n;
    char *bytes = tiny_read(tiny.data, &n);
    tiny_write(tiny.data, bytes, n / 2);
    free(bytes);
    tiny_train_refused(&tiny, "", 3, "data.h5");
}

Test(cli_refuses_data, a_split_that_is_not_there_is_answered_by_the_list)
{
    tiny_train_refused(&tiny, "--set data.train=trian", 2, "test, train");
}

Test(cli_refuses_data, pairs_need_labels)
{
    remove(tiny.data);
    tiny_import(&tiny, tiny.data, "train", TINY_TRAIN, features, NULL);
    tiny_train_refused(&tiny, "", 2, "labels");
}

/* Another rank reads the row on each number of ranks. */
Test(cli_refuses_data, a_row_with_a_nan_is_named_or_dropped)
{
    struct cli_result result;
    features[250 * TINY_DIM + 3] = NAN;
    remove(tiny.data);
    tiny_import(&tiny, tiny.data, "train", TINY_TRAIN, features, labels);
    for (int ranks = 1; ranks <= 4; ranks++)
        tiny_train_badly(&tiny, ranks, "", 5, "row 250");
    tiny_train(&tiny, &result, 3, tiny.run, "--set data.bad_rows=drop");
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "not finite"), "%s", result.err);
    cli_free(&result);
}

Test(cli_refuses_data, a_class_out_of_range_is_refused_at_import)
{
    char x[TINY_PATH_MAX], y[TINY_PATH_MAX];
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "y.npy", y);
    labels[7] = -5;
    tiny_write_npy(x, "<f4", TINY_TRAIN, TINY_DIM, features);
    tiny_write_npy(y, "<i4", TINY_TRAIN, 0, labels);
    cli_fails(0, 3, "row 7", "import --format npy --features %s --labels %s --split s -o %s", x, y,
              tiny.data);
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/tiny.h"

/* The type in which features are written, and configurations from pipes. */

static struct tiny tiny;
static char x[TINY_PATH_MAX], csv[TINY_PATH_MAX], data[TINY_PATH_MAX];

static void enter(void)
{
    static const double wide[] = {0.0, 1.0, 2.0, 3.0};
    tiny_init(&tiny);
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "t.csv", csv);
    tiny_path(&tiny, "typed.h5", data);
    tiny_write_npy(x, "<f8", 2, 2, wide);
    tiny_write(csv, "1.5,2\n3,4\n", 10);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_import_types, .init = enter, .fini = leave);

static void expect_info(const char *text)
{
    struct cli_result result;
    cli_run(&result, 0, "info %s", data);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, text), "'%s' is not in: %s", text, result.out);
    cli_free(&result);
}

Test(cli_import_types, text_takes_the_type_of_the_other_splits_and_cut_takes_both)
{
    cli_succeeds(0, "import --format npy --features %s --split train -o %s", x, data);
    cli_succeeds(0, "import --format csv --features %s --split test -o %s", csv, data);
    expect_info("test: 2 rows of 2 x float64");
    cli_succeeds(0, "cut test-train %s -o %s/cut.h5", data, tiny.folder);
}

Test(cli_import_types, splits_of_two_types_are_answered_by_the_option)
{
    cli_succeeds(0, "import --format npy --features %s --split train -o %s", x, data);
    cli_succeeds(0, "import --format csv --features %s --dtype float32 --split test -o %s", csv, data);
    cli_fails(0, 3, "import test again, with --replace --dtype float64", "cut test-train %s -o %s/cut.h5",
              data, tiny.folder);
    cli_succeeds(0, "import --format csv --features %s --dtype float64 --replace --split test -o %s", csv,
                 data);
    cli_succeeds(0, "cut test-train %s -o %s/cut.h5", data, tiny.folder);
}

Test(cli_import_types, any_format_becomes_any_type_that_holds_its_values)
{
    cli_succeeds(0, "import --format npy --features %s --dtype uint8 --split train -o %s", x, data);
    expect_info("train: 2 rows of 2 x uint8");
    cli_fails(0, 3, "row 0 (counted from 0): 1.5 can't be held by uint8",
              "import --format csv --features %s --dtype uint8 --split test -o %s", csv, data);
    cli_succeeds(0, "import --format csv --features %s --split test -o %s", csv, data);
    expect_info("test: 2 rows of 2 x float32");
    cli_fails(0, 2, "must be uint8, float16, float32 or float64",
              "import --format csv --features %s --dtype int8 --split s -o %s", csv, data);
    cli_fails(0, 2, "must be comma or point",
              "import --format csv --features %s --decimal dot --split s -o %s", csv, data);
}

/* As bash's <(...) gives one: it has no size and can be read once. */
Test(cli_import_types, a_configuration_may_come_from_a_pipe_and_data_may_not)
{
    char fifo[TINY_PATH_MAX], fill[3 * TINY_PATH_MAX];
    struct cli_result result;
    tiny_path(&tiny, "pipe", fifo);
    snprintf(fill, sizeof fill, "cat '%s' > '%s' &", tiny.config, fifo);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    cr_assert_eq(system(fill), 0);
    cli_succeeds(0, "train %s --set data.file=%s --set train.epochs=1 --run %s", fifo, tiny.data, tiny.run);
    cr_assert_eq(system(fill), 0);
    cli_run(&result, 0, "check %s --set data.file=%s", fifo, tiny.data);
    cli_expect_success(&result);
    cli_free(&result);
    cli_fails(0, 4, "HDF5 can't read a pipe", "info %s", fifo);
    cli_fails(0, 4, "is not a regular file", "import --format npy --features %s --split s -o %s", fifo, data);
}

#include <criterion/criterion.h>
#include <hdf5.h>

#include "support/tiny.h"

/* Ways in from HDF5 files that don't have the names of a data set. */

static struct tiny tiny;
static char from[TINY_PATH_MAX], data[TINY_PATH_MAX];

static void put(hid_t file, const char *name, hid_t type, hsize_t rows, hsize_t cols, const void *values)
{
    const hsize_t extent[] = {rows, cols};
    hid_t space = H5Screate_simple(cols > 0 ? 2 : 1, extent, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(set);
    H5Sclose(space);
}

/* The layout of ann-benchmarks, with labels and ids. */
static void enter(void)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    tiny_init(&tiny);
    tiny_path(&tiny, "ann.hdf5", from);
    tiny_path(&tiny, "new.h5", data);
    tiny_rows(TINY_TRAIN, 1, features, labels);
    hid_t file = H5Fcreate(from, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(file, "train", H5T_NATIVE_FLOAT, TINY_TRAIN, TINY_DIM, features);
    put(file, "test", H5T_NATIVE_FLOAT, TINY_TEST, TINY_DIM, features);
    put(file, "y", H5T_NATIVE_INT32, TINY_TRAIN, 0, labels);
    put(file, "wide", H5T_NATIVE_FLOAT, 1, TINY_TRAIN, features);
    H5Fclose(file);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_import_hdf5, .init = enter, .fini = leave);

Test(cli_import_hdf5, the_layout_of_ann_benchmarks_is_told_with_the_way_in_and_taken)
{
    struct cli_result result;
    char answer[2 * TINY_PATH_MAX + 100];
    snprintf(
        answer, sizeof answer,
        "/test [64, 8] float32, /train [384, 8] float32, /wide [1, 384] float32, /y [384] int32; take it in: "
        "bitloom import --format hdf5 --features %s:/train --split train -o NEW.h5",
        from);
    tiny_train_badly(&tiny, 2, "--set data.file=ann.hdf5", 3, answer);
    cli_fails(0, 3, "--format hdf5", "check %s --set data.file=%s", tiny.config, from);
    cli_succeeds(0,
                 "import --format hdf5 --features %s:/train --labels %s:/y --groups %s:/y --ids %s:/y "
                 "--split train -o %s",
                 from, from, from, from, data);
    cli_succeeds(0, "import --format hdf5 --features %s:/test --split test -o %s", from, data);
    cli_run(&result, 0, "info %s", data);
    cr_assert(
        strstr(result.out,
               "train: 384 rows of 8 x float32, one label per row: 4 classes between 0 and 3, 4 groups, ids"),
        "%s", result.out);
    cr_assert(strstr(result.out, "test: 64 rows of 8 x float32, no labels"), "%s", result.out);
    cli_free(&result);
    tiny_train_well(&tiny, 1, tiny.run, "--set data.file=new.h5");
}

Test(cli_import_hdf5, what_does_not_fit_is_one_line)
{
    static const char command[] = "import --format hdf5 --features %s%s --split s -o %s";
    cli_fails(0, 2, "say which data set, as in", command, from, "", data);
    cli_fails(0, 2, "has no data set /trian; it has /test", command, from, ":/trian", data);
    cli_fails(0, 4, "No such file", command, "absent.h5", ":/train", data);
    cli_fails(0, 2, "would replace the input", command, from, ":/train", from);
    cli_fails(0, 3, "is not an HDF5 file", command, tiny.config, ":/train", data);
    cli_fails(0, 3, "has 64 rows but",
              "import --format hdf5 --features %s:/test --labels %s:/y --split s -o %s", from, from, data);
    cr_assert(!tiny_exists(data));
}

Test(cli_import_hdf5, labels_and_ids_may_be_text_of_fixed_or_variable_length)
{
    static const char *ids[TINY_TRAIN];
    static char names[TINY_TRAIN][4], numbers[TINY_TRAIN][8];
    struct cli_result result;
    hid_t fixed = H5Tcopy(H5T_C_S1), varied = H5Tcopy(H5T_C_S1);
    for (int i = 0; i < TINY_TRAIN; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i % 3);
        snprintf(numbers[i], sizeof numbers[i], "id %d", i % 1000);
        ids[i] = numbers[i];
    }
    H5Tset_size(fixed, sizeof names[0]);
    H5Tset_size(varied, H5T_VARIABLE);
    hid_t file = H5Fopen(from, H5F_ACC_RDWR, H5P_DEFAULT);
    put(file, "names", fixed, TINY_TRAIN, 0, names);
    put(file, "ids", varied, TINY_TRAIN, 0, ids);
    H5Tclose(fixed);
    H5Tclose(varied);
    H5Fclose(file);
    cli_succeeds(
        0, "import --format hdf5 --features %s:/train --labels %s:/names --ids %s:/ids --split train -o %s",
        from, from, from, data);
    cli_run(&result, 0, "info %s", data);
    cr_assert(strstr(result.out, "3 named classes, ids (c0, c1, c2)") &&
                  strstr(result.out, "/train/ids [384]"),
              "%s", result.out);
    cli_free(&result);
    cli_fails(0, 3, "which can't be read", "import --format hdf5 --features %s:/ids --split s -o %s", from,
              data);
}

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "mpi/files/dataset.h"
#include "mpi/files/verify.h"
#include "mpi/h5/attribute.h"

enum { ROWS = 5000, DIM = 64 };

static char folder[64], path[96], part[112];
static struct bl_error err;
static uint8_t features[ROWS * DIM];

static void enter(void)
{
    strcpy(folder, "/tmp/bitloom-dataset-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/data.h5", folder);
    snprintf(part, sizeof part, "%s.part", path);
}

static void leave(void)
{
    cr_assert_neq(access(part, F_OK), 0, "an unfinished file was left behind");
    unlink(path);
    cr_assert_eq(rmdir(folder), 0, "something was left in the folder");
    cr_assert_eq(bl_alloc_live(), 0, "something was not freed");
}

TestSuite(dataset_write, .init = enter, .fini = leave);

static struct split_writer_options plain(void)
{
    return (struct split_writer_options){
        .rows = ROWS, .dim = DIM, .type = BL_UINT8, .labels = bl_label_layout(BL_LABELS_NONE, 0)};
}

/* A split whose every byte is value, handed over in uneven pieces. */
static int write_split(const char *split, int value, int replace)
{
    struct split_writer *writer;
    struct split_writer_options options = plain();
    options.replace = replace;
    memset(features, value, sizeof features);
    int code = split_create(&writer, path, split, &options, &err);
    if (code != BL_OK)
        return code;
    for (int64_t at = 0; at < ROWS && code == BL_OK; at += 1234) {
        int64_t n = ROWS - at < 1234 ? ROWS - at : 1234;
        code = split_append(writer, n, features, NULL, NULL, &err);
    }
    if (code == BL_OK)
        code = split_commit(writer, &err);
    split_destroy(writer);
    return code;
}

static void must_write(const char *split, int value, int replace)
{
    cr_assert_eq(write_split(split, value, replace), BL_OK, "%s", err.what);
}

static void expect_bytes(const char *split, int value)
{
    struct par_dataset *dataset;
    uint8_t row[DIM];
    cr_assert_eq(par_dataset_open(&dataset, par_alone(), path, split, &err), BL_OK, "%s", err.what);
    cr_assert_eq(par_dataset_read_local(dataset, ROWS - 1, 1, row, NULL, NULL, &err), BL_OK, "%s", err.what);
    for (int i = 0; i < DIM; i++)
        cr_assert_eq(row[i], value);
    par_dataset_close(dataset);
}

static int64_t file_bytes(const char *name)
{
    struct stat status;
    cr_assert_eq(stat(name, &status), 0);
    return status.st_size;
}

Test(dataset_write, a_second_split_leaves_the_first_as_it_was)
{
    must_write("train", 1, 0);
    must_write("test", 2, 0);
    expect_bytes("train", 1);
    expect_bytes("test", 2);
}

Test(dataset_write, a_split_that_exists_is_refused_and_kept)
{
    must_write("train", 1, 0);
    cr_assert_eq(write_split("train", 2, 0), BL_USAGE);
    cr_assert_not_null(strstr(err.what, "--replace"), "%s", err.what);
    expect_bytes("train", 1);
}

Test(dataset_write, replace_replaces_one_split_and_keeps_the_other)
{
    must_write("train", 1, 0);
    must_write("test", 2, 0);
    must_write("train", 3, 1);
    expect_bytes("train", 3);
    expect_bytes("test", 2);
}

Test(dataset_write, a_file_does_not_grow_when_a_split_is_replaced_by_one_of_its_size)
{
    must_write("train", 1, 0);
    int64_t before = file_bytes(path);
    for (int i = 0; i < 3; i++)
        must_write("train", 2, 1);
    cr_assert_lt(file_bytes(path), before + ROWS * DIM / 2);
}

Test(dataset_write, nothing_has_the_name_before_the_commit)
{
    struct split_writer *writer;
    struct split_writer_options options = plain();
    cr_assert_eq(split_create(&writer, path, "train", &options, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_append(writer, ROWS, features, NULL, NULL, &err), BL_OK, "%s", err.what);
    cr_assert_neq(access(path, F_OK), 0);
    split_destroy(writer);
    cr_assert_neq(access(path, F_OK), 0);
}

Test(dataset_write, an_abandoned_write_leaves_the_old_file)
{
    must_write("train", 1, 0);
    struct split_writer *writer;
    struct split_writer_options options = plain();
    options.replace = 1;
    cr_assert_eq(split_create(&writer, path, "train", &options, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_append(writer, 10, features, NULL, NULL, &err), BL_OK, "%s", err.what);
    split_destroy(writer);
    expect_bytes("train", 1);
}

Test(dataset_write, rows_that_were_left_out_stop_the_commit)
{
    struct split_writer *writer;
    struct split_writer_options options = plain();
    cr_assert_eq(split_create(&writer, path, "train", &options, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_append(writer, ROWS - 1, features, NULL, NULL, &err), BL_OK);
    cr_assert_eq(split_commit(writer, &err), BL_DEFECT);
    split_destroy(writer);
    cr_assert_neq(access(path, F_OK), 0);
}

Test(dataset_write, more_rows_than_promised_are_refused)
{
    struct split_writer *writer;
    struct split_writer_options options = plain();
    cr_assert_eq(split_create(&writer, path, "train", &options, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_append(writer, ROWS, features, NULL, NULL, &err), BL_OK);
    cr_assert_eq(split_append(writer, 1, features, NULL, NULL, &err), BL_DEFECT);
    split_destroy(writer);
}

Test(dataset_write, bytes_that_change_on_their_way_to_the_disk_stop_the_commit)
{
    struct split_writer *writer;
    struct split_writer_options options = plain();
    memset(features, 'x', sizeof features);
    cr_assert_eq(split_create(&writer, path, "train", &options, &err), BL_OK, "%s", err.what);
    cr_assert_eq(split_append(writer, ROWS, features, NULL, NULL, &err), BL_OK);
    FILE *file = fopen(part, "r+b");
    cr_assert_eq(fseek(file, ROWS * DIM / 2, SEEK_SET), 0);
    fputc('y', file);
    fclose(file);
    cr_assert_eq(split_commit(writer, &err), BL_PATH);
    cr_assert_not_null(strstr(err.what, "reads back differently"), "%s", err.what);
    split_destroy(writer);
}

Test(dataset_write, a_split_of_no_rows_is_refused)
{
    struct split_writer *writer;
    struct split_writer_options options = plain();
    options.rows = 0;
    cr_assert_eq(split_create(&writer, path, "train", &options, &err), BL_INPUT);
    cr_assert_null(writer);
}

Test(dataset_write, a_file_that_is_not_hdf5_is_not_overwritten)
{
    FILE *file = fopen(path, "w");
    fputs("my notes\n", file);
    fclose(file);
    cr_assert_eq(write_split("train", 1, 1), BL_INPUT);
    cr_assert_eq(file_bytes(path), 9);
}

Test(dataset_write, another_kind_of_our_files_is_not_extended)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    h5_put_text(file, "format", "bitloom model");
    H5Fclose(file);
    int64_t before = file_bytes(path);
    cr_assert_eq(write_split("train", 1, 0), BL_INPUT);
    cr_assert_not_null(strstr(err.what, "bitloom model"), "%s", err.what);
    cr_assert_eq(file_bytes(path), before);
}

Test(dataset_write, a_file_of_others_keeps_its_data_when_a_split_is_added)
{
    const hsize_t extent = 3;
    const int values[3] = {5, 6, 7};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t set = H5Dcreate2(file, "notes", H5T_STD_I16BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set), H5Sclose(space), H5Fclose(file);
    must_write("train", 9, 0);
    expect_bytes("train", 9);
    cr_assert_eq(write_split("notes", 1, 1), BL_USAGE);
    cr_assert_not_null(strstr(err.what, "'notes', which is no split"), "%s", err.what);
    int read[3] = {0};
    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    set = H5Dopen2(file, "notes", H5P_DEFAULT);
    cr_assert_geq(H5Dread(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, read), 0);
    H5Dclose(set), H5Fclose(file);
    cr_assert_arr_eq(read, values, sizeof read);
    char summary[200];
    cr_assert_eq(verify_file(path, summary, sizeof summary, &err), BL_OK, "%s", err.what);
    cr_assert_not_null(strstr(summary, "; damage of 1 other data set without checksums"), "%s", summary);
}

Test(dataset_write, the_root_says_what_the_file_is)
{
    must_write("train", 1, 0);
    char format[64];
    int64_t version = 0, complete = 0;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    cr_assert(h5_get_text(file, "format", format, sizeof format));
    cr_assert_str_eq(format, "bitloom dataset");
    cr_assert(h5_get_integer(file, "format_version", &version));
    cr_assert(h5_get_integer(file, "complete", &complete));
    H5Fclose(file);
    cr_assert_eq(version, 1);
    cr_assert_eq(complete, 1);
}

Test(dataset_write, a_flipped_byte_is_found_by_the_verification)
{
    char summary[200];
    must_write("train", 'x', 0);
    cr_assert_eq(verify_file(path, summary, sizeof summary, &err), BL_OK, "%s", err.what);
    FILE *file = fopen(path, "r+b");
    cr_assert_eq(fseek(file, ROWS * DIM / 2, SEEK_SET), 0);
    cr_assert_eq(fgetc(file), 'x');
    cr_assert_eq(fseek(file, ROWS * DIM / 2, SEEK_SET), 0);
    fputc('y', file);
    fclose(file);
    cr_assert_eq(verify_file(path, summary, sizeof summary, &err), BL_INPUT);
    cr_assert_not_null(strstr(err.what, "features"), "%s", err.what);
}

Test(dataset_write, a_folder_that_is_not_there_is_a_path_error)
{
    strcpy(path + strlen(folder), "/none/data.h5");
    cr_assert_eq(write_split("train", 1, 0), BL_PATH);
    cr_assert_not_null(strstr(err.what, "/none/data.h5"), "%s", err.what);
}

/* Mounting needs root and a namespace that allows it; without, there is nothing to test. */
static int mount_small(const char *options)
{
    return geteuid() == 0 && mount("tmpfs", folder, "tmpfs", 0, options) == 0;
}

Test(dataset_write, a_full_disk_is_a_path_error_and_keeps_the_old_file)
{
    if (!mount_small("size=800k"))
        cr_skip_test("no small disk can be mounted here");
    must_write("train", 1, 0);
    cr_assert_eq(write_split("test", 2, 0), BL_PATH, "%s", err.what);
    cr_assert_not_null(strstr(err.what, path), "%s", err.what);
    cr_assert_neq(access(part, F_OK), 0, "an unfinished file was left behind");
    expect_bytes("train", 1);
    unlink(path);
    cr_assert_eq(umount(folder), 0);
}

Test(dataset_write, a_disk_without_room_for_a_first_split_stays_empty)
{
    if (!mount_small("size=100k"))
        cr_skip_test("no small disk can be mounted here");
    cr_assert_eq(write_split("train", 1, 0), BL_PATH, "%s", err.what);
    cr_assert_neq(access(part, F_OK), 0, "an unfinished file was left behind");
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(umount(folder), 0);
}

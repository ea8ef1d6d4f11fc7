#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdlib.h>

#include "support/tiny.h"

/* Files by other programs whose chunks were written only in part, as a killed extraction leaves them: no command takes
 * the fill values for data. */

enum { ROWS = 64, CHUNK = 8 };
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_partly_written, .init = enter, .fini = leave);

/* The first `written` of ROWS rows of bytes, in chunks of CHUNK rows. */
static void put(hid_t file, const char *name, hsize_t cols, hsize_t written)
{
    static const uint8_t values[ROWS * TINY_DIM] = {1};
    const hsize_t extent[] = {ROWS, cols}, chunk[] = {CHUNK, cols}, start[] = {0, 0},
                  count[] = {written, cols};
    const int rank = cols > 0 ? 2 : 1;
    hid_t links = H5Pcreate(H5P_LINK_CREATE), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    H5Pset_chunk(creation, rank, chunk);
    hid_t in_file = H5Screate_simple(rank, extent, NULL), in_memory = H5Screate_simple(rank, count, NULL);
    hid_t set = H5Dcreate2(file, name, H5T_STD_U8LE, in_file, links, creation, H5P_DEFAULT);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL);
    cr_assert_geq(H5Dwrite(set, H5T_NATIVE_UINT8, in_memory, in_file, H5P_DEFAULT, values), 0);
    H5Dclose(set);
    H5Sclose(in_memory);
    H5Sclose(in_file);
    H5Pclose(creation);
    H5Pclose(links);
}

/* A data set, or codes, whose column `partial` has only half of its rows. */
static void write_half(char path[TINY_PATH_MAX], const char *partial, int codes)
{
    static const char *const names[] = {"labels", "groups", "ids"};
    char name[40];
    tiny_path(&tiny, "half.h5", path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(file, codes ? "codes" : "train/features", codes ? 2 : TINY_DIM, partial ? ROWS : ROWS / 2);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", codes ? "" : "train/", names[i]);
        put(file, name, 0, partial && strcmp(partial, names[i]) == 0 ? ROWS / 2 : ROWS);
    }
    H5Fclose(file);
}

static const char missing[] = "' has 4 of 8 chunks; rows 32 to 63 were never written; write the file again";

Test(cli_partly_written, no_column_of_a_data_set_is_taken_by_check_info_or_train)
{
    static const char *const partial[] = {NULL, "labels", "groups", "ids"};
    char path[TINY_PATH_MAX];
    for (int i = 0; i < 4; i++) {
        write_half(path, partial[i], 0);
        cli_fails(0, 3, missing, "check %s", path);
        cli_fails(0, 3, missing, "info %s", path);
        cli_fails(0, 3, missing, "check %s --set data.file=%s", tiny.config, path);
    }
    tiny_train_badly(&tiny, 1, "--set data.file=half.h5", 3, missing);
    tiny_train_badly(&tiny, 3, "--set data.file=half.h5", 3, missing);
}

Test(cli_partly_written, features_are_not_fitted_encoded_evaluated_or_cut)
{
    char path[TINY_PATH_MAX];
    write_half(path, NULL, 0);
    cli_succeeds(0, "baseline lsh %s --bits 8 -o %s/m.h5 --force", tiny.data, tiny.folder);
    cli_fails(0, 3, missing, "baseline itq %s --bits 8 -o %s/q.h5 --force", path, tiny.folder);
    cli_fails(0, 3, missing, "encode %s/m.h5 %s --split train -o %s/c.h5 --force", tiny.folder, path,
              tiny.folder);
    cli_fails(0, 3, missing, "evaluate %s/m.h5 %s --queries train --database train", tiny.folder, path);
    cli_fails(0, 3, missing, "cut held-out %s -o %s/cut.h5", path, tiny.folder);
}

Test(cli_partly_written, no_column_of_codes_is_searched)
{
    static const char *const partial[] = {NULL, "labels", "ids"};
    char path[TINY_PATH_MAX];
    for (int i = 0; i < 3; i++) {
        write_half(path, partial[i], 1);
        cli_fails(0, 3, missing, "check %s", path);
        cli_fails(0, 3, missing, "info %s", path);
        cli_fails(0, 3, missing, "search %s %s -k 1 -o %s/n.tsv --force", path, path, tiny.folder);
    }
}

/* With checksums a fill can't pass for data; it is told what is wrong all the same. */
Test(cli_partly_written, a_tensor_of_a_model_is_missed_by_its_chunks)
{
    char path[TINY_PATH_MAX];
    tiny_path(&tiny, "m.h5", path);
    cli_succeeds(0, "baseline lsh %s --bits 64 -o %s --force", tiny.data, path);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), creation = H5Pcreate(H5P_DATASET_CREATE);
    hid_t old = H5Dopen2(file, "layer0/weight", H5P_DEFAULT), space = H5Dget_space(old),
          type = H5Dget_type(old);
    H5Pset_chunk(creation, 2, (const hsize_t[]){1, TINY_DIM});
    H5Dclose(old);
    H5Ldelete(file, "layer0/weight", H5P_DEFAULT);
    H5Dclose(H5Dcreate2(file, "layer0/weight", type, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Pclose(creation);
    H5Tclose(type);
    H5Sclose(space);
    H5Fclose(file);
    cli_fails(0, 3, "the data of 'layer0/weight' was never written", "check %s", path);
    cli_fails(0, 3, "the data of 'layer0/weight' was never written",
              "encode %s %s --split train -o %s/c.h5 --force", path, tiny.data, tiny.folder);
}

Test(cli_partly_written, info_tells_how_much_of_any_data_set_is_there)
{
    struct cli_result result;
    char path[TINY_PATH_MAX];
    tiny_path(&tiny, "other.h5", path);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put(file, "emb", 3, 16);
    H5Fclose(file);
    cli_run(&result, 0, "info %s", path);
    cli_expect_success(&result);
    cr_assert(strstr(result.out, "/emb [64, 3] uint8, 2 of 8 chunks written"), "%s", result.out);
    cli_free(&result);
}

#include "mpi/h5/storage.h"
#include "support/splits.h"

static hid_t file;

static void open_file(void)
{
    enter();
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(file, 0);
}

static void close_file(void)
{
    H5Fclose(file);
    leave();
}

TestSuite(storage, .init = open_file, .fini = close_file);

/* A data set of bytes in chunks; nothing of it is written yet. */
static hid_t make_chunked(int rank, const hsize_t *extent, const hsize_t *chunk, int packed)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(rank, extent, NULL);
    H5Pset_chunk(creation, rank, chunk);
    if (packed)
        H5Pset_deflate(creation, 1);
    hid_t set = H5Dcreate2(file, "set", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(creation);
    cr_assert_geq(set, 0);
    return set;
}

static void write_block(hid_t set, int rank, const hsize_t *start, const hsize_t *count)
{
    static const uint8_t values[1000];
    hid_t in_file = H5Dget_space(set), in_memory = H5Screate_simple(rank, count, NULL);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL);
    cr_assert_geq(H5Dwrite(set, H5T_NATIVE_UINT8, in_memory, in_file, H5P_DEFAULT, values), 0);
    H5Sclose(in_memory);
    H5Sclose(in_file);
}

static void expect(hid_t set, const char *text)
{
    const int code = h5_storage_check(set, "features", "F", &split_err);
    cr_assert_eq(code, text ? BL_INPUT : BL_OK, "%s", split_err.what);
    cr_assert(!text || strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
    H5Dclose(set);
}

Test(storage, rows_that_were_never_written_are_named_with_the_chunks_that_are_there)
{
    static const struct {
        hsize_t lo, n;
        const char *text;
    } cases[] = {{0, 50, "'features' has 5 of 10 chunks; rows 50 to 94 were never written"},
                 {50, 45, "'features' has 5 of 10 chunks; rows 0 to 49 were never written"},
                 {30, 10, "'features' has 1 of 10 chunks; rows 0 to 29 were never written"},
                 {0, 95, NULL}};
    for (int packed = 0; packed < 2; packed++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            hid_t set = make_chunked(2, (const hsize_t[]){95, 4}, (const hsize_t[]){10, 4}, packed);
            write_block(set, 2, (const hsize_t[]){cases[i].lo, 0}, (const hsize_t[]){cases[i].n, 4});
            expect(set, cases[i].text);
            H5Ldelete(file, "set", H5P_DEFAULT);
        }
}

Test(storage, columns_that_were_never_written_make_rows_that_are_there_in_part)
{
    hid_t set = make_chunked(2, (const hsize_t[]){20, 5}, (const hsize_t[]){10, 2}, 0);
    write_block(set, 2, (const hsize_t[]){0, 0}, (const hsize_t[]){20, 4});
    expect(set, "'features' has 4 of 6 chunks; rows 0 to 9 were written only in part");
}

Test(storage, a_gap_ends_where_the_next_rows_were_written)
{
    hid_t set = make_chunked(1, (const hsize_t[]){40}, (const hsize_t[]){10}, 0);
    write_block(set, 1, (const hsize_t[]){0}, (const hsize_t[]){10});
    write_block(set, 1, (const hsize_t[]){30}, (const hsize_t[]){10});
    expect(set, "rows 10 to 29 were never written");
}

Test(storage, an_absurd_extent_is_refused_in_no_time)
{
    hid_t set = make_chunked(1, (const hsize_t[]){(hsize_t)1 << 60}, (const hsize_t[]){1}, 0);
    write_block(set, 1, (const hsize_t[]){1}, (const hsize_t[]){1});
    expect(set, "has 1 of 1152921504606846976 chunks; rows 0 to 0 were never written");
}

Test(storage, nothing_written_is_refused_and_no_rows_are_whole)
{
    expect(make_chunked(1, (const hsize_t[]){40}, (const hsize_t[]){10}, 0), "never written");
    H5Ldelete(file, "set", H5P_DEFAULT);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, (const hsize_t[]){0}, NULL);
    expect(H5Dcreate2(file, "none", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT), NULL);
    H5Sclose(space);
    H5Pclose(creation);
}

/* Values in other files: HDF5 reads zeros where such a file is missing or too short. */
Test(storage, values_in_other_files_are_refused)
{
    const hsize_t rows = 10;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &rows, NULL);
    H5Pset_external(creation, "nowhere.bin", 0, rows);
    expect(H5Dcreate2(file, "external", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT),
           "lies in other files");
    H5Pclose(creation);
    creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_virtual(creation, space, "nowhere.h5", "/x", space);
    expect(H5Dcreate2(file, "virtual", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT),
           "lies in other files");
    H5Pclose(creation);
    H5Sclose(space);
}

#include "mpi/files/neighbours.h"

#include "mpi/files/verify.h"
#include "mpi/h5/attribute.h"
#include "support/splits.h"

/* Files of 3 queries, as any software may write them: without checksums, so that what is wrong is told by its meaning. */
TestSuite(neighbours, .init = enter, .fini = leave);

enum { QUERIES = 3, K = 2, FOUND = 4 };
static const int64_t rows[QUERIES * K] = {4, 0, 1, -1, -1, -1};
static const int32_t distances[QUERIES * K] = {0, 3, 2, -1, -1, -1};
static const int64_t flat_rows[FOUND] = {4, 0, 1, 9}, offsets[QUERIES + 1] = {0, 2, 2, 4};
static const int32_t flat_distances[FOUND] = {0, 3, 2, 2};

/* Adds a data set; cols 0: one dimension. */
static void add(hid_t file, const char *name, hid_t type, hsize_t n, hsize_t cols, const void *values)
{
    const hsize_t extent[2] = {n, cols};
    hid_t space = H5Screate_simple(cols ? 2 : 1, extent, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(set);
    H5Sclose(space);
}

static hid_t begin(void)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_eq(h5_put_integer(file, "bits", 3), 0);
    cr_assert_eq(h5_put_integer(file, "database_rows", 10), 0);
    return file;
}

/* With the value at `place` of rows or distances changed; -1: none. */
static void write_fixed(int place, int64_t row, int32_t distance)
{
    int64_t r[QUERIES * K];
    int32_t d[QUERIES * K];
    memcpy(r, rows, sizeof r);
    memcpy(d, distances, sizeof d);
    if (place >= 0) {
        r[place] = row;
        d[place] = distance;
    }
    hid_t file = begin();
    add(file, "neighbours", H5T_NATIVE_INT64, QUERIES, K, r);
    add(file, "distances", H5T_NATIVE_INT32, QUERIES, K, d);
    H5Fclose(file);
}

static void write_varying(const int64_t *at, int n_at, int n_distances)
{
    hid_t file = begin();
    cr_assert_eq(h5_put_integer(file, "radius", 3), 0);
    add(file, "neighbours", H5T_NATIVE_INT64, FOUND, 0, flat_rows);
    add(file, "distances", H5T_NATIVE_INT32, (hsize_t)n_distances, 0, flat_distances);
    if (at)
        add(file, "offsets", H5T_NATIVE_INT64, (hsize_t)n_at, 0, at);
    H5Fclose(file);
}

static void expect_whole(const char *summary_has)
{
    char summary[300];
    cr_assert_eq(verify_file(path, summary, sizeof summary, &split_err), BL_OK, "%s", split_err.what);
    cr_assert(strstr(summary, summary_has), "%s", summary);
}

static void expect_wrong(const char *text)
{
    char summary[300];
    cr_assert_eq(verify_file(path, summary, sizeof summary, &split_err), BL_INPUT, "not refused: %s", text);
    cr_assert(strstr(split_err.what, text), "'%s' is not in: %s", text, split_err.what);
}

Test(neighbours, whole_files_of_both_forms_pass)
{
    write_fixed(-1, 0, 0);
    expect_whole("bitloom neighbours without checksums, 2 data sets");
    expect_whole("; 3 neighbours in order");
    write_varying(offsets, QUERIES + 1, FOUND);
    expect_whole("; 4 neighbours in order");
}

Test(neighbours, an_answer_that_no_search_gives_is_named_by_its_query)
{
    write_fixed(2, 10, 2);
    expect_wrong("the answer to query 1 names a row that the database doesn't have");
    write_fixed(1, 0, 4);
    expect_wrong("the answer to query 0 has an impossible distance");
    write_fixed(0, 4, -1);
    expect_wrong("the answer to query 0 has an impossible distance");
    write_fixed(0, 4, 3);
    expect_wrong("the answer to query 0 isn't in order");
    write_fixed(1, 4, 0);
    expect_wrong("the answer to query 0 isn't in order");
    write_fixed(5, 3, 1);
    expect_wrong("the answer to query 2 has values behind its last neighbour");
    write_fixed(3, -1, 0);
    expect_wrong("the answer to query 1 has values behind its last neighbour");
}

Test(neighbours, offsets_must_ascend_from_the_first_value_to_the_last)
{
    const int64_t late[] = {1, 2, 2, 4}, back[] = {0, 3, 2, 4}, few[] = {0, 2, 2, 3}, many[] = {0, 2, 2, 5};
    write_varying(late, 4, FOUND);
    expect_wrong("'offsets' don't ascend at query 0");
    write_varying(back, 4, FOUND);
    expect_wrong("'offsets' don't ascend at query 2");
    write_varying(few, 4, FOUND);
    expect_wrong("'offsets' end at 3 of 4 neighbours");
    write_varying(many, 4, FOUND);
    expect_wrong("'offsets' don't ascend at query 3");
    write_varying(NULL, 0, FOUND);
    expect_wrong("the data set 'offsets' is missing");
}

Test(neighbours, data_sets_must_fit_each_other)
{
    write_varying(offsets, QUERIES + 1, FOUND - 1);
    expect_wrong("'neighbours' and 'distances' have different shapes");
    hid_t file = begin();
    add(file, "neighbours", H5T_NATIVE_INT64, QUERIES, K, rows);
    add(file, "distances", H5T_NATIVE_FLOAT, QUERIES, K, distances);
    H5Fclose(file);
    expect_wrong("'distances' must be integers");
}

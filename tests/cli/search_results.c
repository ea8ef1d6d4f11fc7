#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "mpi/h5/file.h"
#include "support/tiny.h"

/* Neighbours files: what search writes, and what info and check say of them. */
static struct tiny tiny;
static char codes[TINY_PATH_MAX], found[TINY_PATH_MAX];

static void enter(void)
{
    char model[TINY_PATH_MAX];
    tiny_init(&tiny);
    h5_quiet();
    tiny_path(&tiny, "model.h5", model);
    tiny_path(&tiny, "codes.h5", codes);
    tiny_path(&tiny, "found.h5", found);
    cli_succeeds(0, "baseline lsh %s --bits 12 -o %s --force", tiny.data, model);
    cli_succeeds(0, "encode %s %s --split test -o %s --force", model, tiny.data, codes);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_search_results, .init = enter, .fini = leave);

enum { VALUES = TINY_TEST * TINY_TEST };

/* Reads or writes a whole data set of the file. */
static void move(const char *name, int writing, hid_t type, void *values)
{
    hid_t file = H5Fopen(found, writing ? H5F_ACC_RDWR : H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    cr_assert_geq(set, 0, "%s", name);
    const herr_t moved = writing ? H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values)
                                 : H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    cr_assert_geq(moved, 0, "%s", name);
    H5Dclose(set);
    cr_assert_geq(H5Fclose(file), 0);
}

static void expect_said(const char *command, const char *one, const char *other)
{
    struct cli_result result;
    cli_run(&result, 0, "%s %s", command, found);
    cli_expect_success(&result);
    cr_expect(strstr(result.out, one), "'%s' is not in: %s", one, result.out);
    cr_expect(strstr(result.out, other), "'%s' is not in: %s", other, result.out);
    cli_free(&result);
}

Test(cli_search_results, a_fixed_number_is_described_and_checked)
{
    cli_succeeds(0, "search %s %s -k 3 --exclude-self -o %s --force", codes, codes, found);
    expect_said(
        "info", "found.h5: neighbours, ",
        "  64 queries, at most 3 neighbours each, among 64 rows of 12 bits, without the query itself\n");
    expect_said("info --json", "\"kind\":\"neighbours\"",
                "\"queries\":64,\"k\":3,\"bits\":12,\"database_rows\":64,\"self_excluded\":true");
    expect_said("check", "bitloom neighbours", "192 neighbours in order");
}

/* The same neighbours by offsets as in lines of text. */
static void expect_same_as_text(int64_t n, const int64_t *offsets, const int64_t *rows,
                                const int32_t *distances)
{
    struct cli_result result;
    int64_t at = 0;
    cli_run(&result, 0, "search %s %s --radius 2", codes, codes);
    cli_expect_success(&result);
    for (const char *line = strchr(result.out, '\n') + 1; *line; line = strchr(line, '\n') + 1, at++) {
        int query, rank, item, distance;
        cr_assert_eq(sscanf(line, "%d\t%d\t%d\t%d\t", &query, &rank, &item, &distance), 4, "%.80s", line);
        cr_assert_lt(at, n);
        cr_assert(offsets[query] + rank - 1 == at && at < offsets[query + 1], "query %d, rank %d", query,
                  rank);
        cr_assert(rows[at] == item && distances[at] == distance, "query %d, rank %d", query, rank);
    }
    cr_assert_eq(at, n);
    cli_free(&result);
}

Test(cli_search_results, a_varying_number_has_offsets)
{
    static int64_t offsets[TINY_TEST + 1], rows[VALUES];
    static int32_t distances[VALUES];
    char all[80];
    cli_succeeds(0, "search %s %s --radius 2 -o %s --force", codes, codes, found);
    move("offsets", 0, H5T_NATIVE_INT64, offsets);
    const int64_t n = offsets[TINY_TEST];
    cr_assert(offsets[0] == 0 && n > TINY_TEST && n < VALUES);
    move("neighbours", 0, H5T_NATIVE_INT64, rows);
    move("distances", 0, H5T_NATIVE_INT32, distances);
    expect_same_as_text(n, offsets, rows, distances);
    snprintf(all, sizeof all, "  64 queries, %d neighbours within distance 2, among 64 rows of 12 bits\n",
             (int)n);
    expect_said("info", all, "radius ");
    snprintf(all, sizeof all, "; %d neighbours in order", (int)n);
    expect_said("check", "bitloom neighbours", all);
}

/* Queries without any neighbour, and none at all. */
Test(cli_search_results, no_neighbour_is_an_answer)
{
    cli_succeeds(0, "search %s %s --radius 0 --exclude-self -o %s --force", codes, codes, found);
    cli_succeeds(0, "check %s", found);
    char other[TINY_PATH_MAX], more[TINY_PATH_MAX], one[TINY_PATH_MAX];
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    tiny_path(&tiny, "model.h5", other);
    tiny_path(&tiny, "one.npy", more);
    tiny_path(&tiny, "one.h5", one);
    tiny_rows(1, 7, features, labels);
    tiny_write_npy(more, "<f4", 1, TINY_DIM, features);
    cli_succeeds(0, "encode %s %s -o %s --force", other, more, one);
    cli_succeeds(0, "search %s %s --radius 12 --exclude-self -o %s --force", one, one, found);
    expect_said("info", "1 query, 0 neighbours within distance 12, among 1 row of 12 bits",
                "without the query itself");
    expect_said("check", "bitloom neighbours", "; 0 neighbours in order");
    cli_succeeds(0, "search %s %s --exclude-self -o %s --force", one, one, found);
    expect_said("check", "bitloom neighbours", "; 0 neighbours in order");
}

#include <criterion/criterion.h>
#include <hdf5.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mpi/files/codes.h"
#include "mpi/h5/file.h"
#include "support/tiny.h"

/* Codes of 8 bits that are chosen here, so that every answer is known. */
enum { QUERIES = 3, ITEMS = 6, ID = 4 };
static const uint8_t query_codes[QUERIES] = {0x00, 0xff, 0x0f};
static const uint8_t item_codes[ITEMS] = {0x00, 0x01, 0x03, 0x0f, 0xff, 0x00};

static struct tiny tiny;
static char queries[TINY_PATH_MAX], items[TINY_PATH_MAX], named[TINY_PATH_MAX], twins[TINY_PATH_MAX];
static char found[TINY_PATH_MAX];

/* ids: [n, ID], or NULL. */
static void write_codes(const char *path, int64_t n, const uint8_t *codes, const char *ids)
{
    struct par_codes_writer *writer;
    struct bl_error err;
    const struct par_codes_info info = {.rows = n, .bits = 8, .id_bytes = ids ? ID : 0};
    cr_assert_eq(par_codes_create(&writer, par_alone(), path, &info, &err), BL_OK, "%s", err.what);
    cr_assert_eq(par_codes_write_local(writer, 0, n, codes, NULL, ids, &err), BL_OK, "%s", err.what);
    cr_assert_eq(par_codes_commit(writer, &err), BL_OK, "%s", err.what);
    par_codes_destroy(writer);
}

/* A file of other software: nothing but n codes of 8 bits, all 0. */
static void write_bare_codes(const char *path, hsize_t n)
{
    const hsize_t shape[2] = {n, 1};
    const uint8_t codes[ITEMS] = {0};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL);
    hid_t set = H5Dcreate2(file, "codes", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(set >= 0 && H5Dwrite(set, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, codes) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    cr_assert_geq(H5Fclose(file), 0);
}

/* The same with labels, no two of which are equal. */
static void write_labelled_codes(const char *path, hsize_t n)
{
    const int32_t labels[ITEMS] = {0, 1, 2, 3, 4, 5};
    write_bare_codes(path, n);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), space = H5Screate_simple(1, &n, NULL);
    hid_t set = H5Dcreate2(file, "labels", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert(set >= 0 && H5Dwrite(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    cr_assert_geq(H5Fclose(file), 0);
}

static void enter(void)
{
    cli_temp_folder(tiny.folder);
    h5_quiet();
    tiny_path(&tiny, "q.h5", queries);
    tiny_path(&tiny, "d.h5", items);
    tiny_path(&tiny, "named.h5", named);
    tiny_path(&tiny, "twins.h5", twins);
    tiny_path(&tiny, "found.h5", found);
    write_codes(queries, QUERIES, query_codes, NULL);
    write_codes(items, ITEMS, item_codes, NULL);
    write_codes(named, QUERIES, query_codes, "a\0\0\0c\0\0\0zz\0");
    write_codes(twins, ITEMS, item_codes, "a\0\0\0b\0\0\0a\0\0\0c\0\0\0cc\0\0a\0\0");
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_search, .init = enter, .fini = leave);

/* What `search ARGUMENTS` prints below the names of the columns, and on standard error. */
static void expect_lines(const char *lines, const char *said, const char *format, ...)
{
    char arguments[4 * TINY_PATH_MAX];
    struct cli_result result;
    va_list list;
    va_start(list, format);
    vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    cli_run(&result, 0, "search %s", arguments);
    cli_expect_success(&result);
    cr_expect_str_eq(strchr(result.out, '\n') + 1, lines, "search %s: %s", arguments, result.out);
    cr_expect(strstr(result.err, said), "search %s said: %s", arguments, result.err);
    cr_expect(said[0] || !result.err[0], "search %s said: %s", arguments, result.err);
    cli_free(&result);
}

Test(cli_search, a_radius_alone_lists_all_within_it_however_many)
{
    expect_lines("0\t1\t0\t0\t\n0\t2\t5\t0\t\n0\t3\t1\t1\t\n1\t1\t4\t0\t\n2\t1\t3\t0\t\n", "",
                 "%s %s --radius 1", queries, items);
    expect_lines("0\t1\t0\t0\t\n0\t2\t5\t0\t\n1\t1\t4\t0\t\n2\t1\t3\t0\t\n", "", "%s %s --radius 0", queries,
                 items);
    /* More than all bits is all items. */
    write_codes(found, 1, query_codes + 1, NULL);
    expect_lines("0\t1\t4\t0\t\n0\t2\t3\t4\t\n0\t3\t2\t6\t\n0\t4\t1\t7\t\n0\t5\t0\t8\t\n0\t6\t5\t8\t\n", "",
                 "%s %s --radius 1024", found, items);
}

Test(cli_search, neighbours_cut_from_a_radius_are_counted)
{
    expect_lines("0\t1\t0\t0\t\n0\t2\t5\t0\t\n1\t1\t4\t0\t\n2\t1\t3\t0\t\n",
                 "1 of 3 queries have more than 2 neighbours within distance 1", "%s %s --radius 1 -k 2",
                 queries, items);
    expect_lines("0\t1\t0\t0\t\n1\t1\t4\t0\t\n2\t1\t3\t0\t\n", "", "%s %s -k 1", queries, items);
}

Test(cli_search, a_file_against_itself_can_leave_out_each_row)
{
    expect_lines("0\t1\t5\t0\t\n5\t1\t0\t0\t\n", "", "%s %s --exclude-self --radius 0", items, items);
    /* 5 others, whatever -k says. */
    struct cli_result result;
    cli_run(&result, 0, "search %s %s --exclude-self -k 100 --format json", items, items);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "-k 100 is lowered to 5: the database has no more other items"), "%s",
              result.err);
    cr_assert(strstr(result.out, "{\"bits\":8,\"k\":5,\"self_excluded\":true,\"queries\":6,"), "%s",
              result.out);
    cr_assert(strstr(result.out, "{\"row\":5,\"neighbours\":[{\"row\":0,\"distance\":0},{\"row\":1,"), "%s",
              result.out);
    cli_free(&result);
}

Test(cli_search, between_two_files_items_with_the_id_of_the_query_are_left_out)
{
    expect_lines("a\t1\tb\t1\t\nc\t1\tcc\t0\t\nzz\t1\tc\t0\t\n", "", "%s %s --exclude-self --radius 1", named,
                 twins);
    cli_fails(0, 2, "has no ids", "search %s %s --exclude-self", named, items);
    cli_fails(0, 2, "has no ids", "search %s %s --exclude-self", items, twins);
    write_codes(found, 1, query_codes, "x\0\0");
    expect_lines("x\t1\ta\t0\t\nx\t2\ta\t0\t\n", "warning: --exclude-self left nothing out",
                 "%s %s --exclude-self --radius 0", found, twins);
}

Test(cli_search, numbers_out_of_range_are_refused)
{
    cli_fails(0, 2, "-k must be a whole number from 1", "search %s %s -k 0", queries, items);
    cli_fails(0, 2, "--radius must be a whole number from 0", "search %s %s --radius -1", queries, items);
    cli_fails(0, 2, "--radius must be a whole number from 0", "search %s %s --radius 1.5", queries, items);
}

Test(cli_search, one_row_against_itself_has_no_neighbour)
{
    write_codes(found, 1, query_codes, NULL);
    expect_lines("", "has one row, and --exclude-self leaves nothing to find", "%s %s --exclude-self", found,
                 found);
    expect_lines("", "leaves nothing to find", "%s %s --exclude-self --radius 8", found, found);
    expect_lines("0\t1\t0\t0\t\n", "-k 10 is lowered to 1", "%s %s -k 10", found, found);
}

Test(cli_search, one_row_against_itself_has_no_map_and_isnt_blamed_on_its_classes)
{
    struct cli_result result;
    write_codes(found, 1, query_codes, NULL);
    cli_fails(0, 3, "has no labels and no groups", "evaluate --codes %s %s", found, found);
    write_labelled_codes(found, 1);
    cli_run(&result, 0, "evaluate --codes %s %s --json", found, found);
    cli_expect_success(&result);
    cr_expect(strstr(result.out, "{\"map\":null,\"map_answerable\":null,\"map_at\":[],\"precision_at\":[],"),
              "%s", result.out);
    cr_expect(strstr(result.err, "a query isn't its own neighbour, and there is no other row"), "%s",
              result.err);
    cr_expect_not(strstr(result.err, "lowered") || strstr(result.err, "alike"), "%s", result.err);
    cli_free(&result);
    write_labelled_codes(items, ITEMS);
    cli_run(&result, 0, "evaluate --codes %s %s --at 3,100", items, items);
    cli_expect_success(&result);
    cr_expect(strstr(result.err, "R = 100 is lowered to 5"), "%s", result.err);
    cr_expect(strstr(result.err, "no query has a relevant item: no two rows are alike"), "%s", result.err);
    cli_free(&result);
}

Test(cli_search, codes_without_rows_are_refused_on_either_side)
{
    write_bare_codes(found, 0);
    cli_fails(0, 3, "'codes' is empty (0 rows)", "search %s %s", found, items);
    cli_fails(0, 3, "'codes' is empty (0 rows)", "search %s %s", items, found);
    cli_fails(0, 3, "'codes' is empty (0 rows)", "search %s %s --exclude-self --radius 1", found, found);
    cli_fails(0, 3, "'codes' is empty (0 rows)", "evaluate --codes %s %s", found, items);
    cli_fails(3, 3, "'codes' is empty (0 rows)", "evaluate --codes %s %s", items, found);
    cli_fails(0, 3, "'codes' is empty (0 rows)", "info %s", found);
}

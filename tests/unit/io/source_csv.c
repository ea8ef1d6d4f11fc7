#include <math.h>

#include "support/sources.h"

TestSuite(source_csv, .init = sources_enter, .fini = sources_leave);

static const struct io_source_options label_by_name = {.label_column = "kind"};

static void write_text(const char *text)
{
    write_bytes(text, strlen(text));
}

static void expect_rows(const char *text, const struct io_source_options *options, int64_t rows, int64_t dim)
{
    write_text(text);
    const struct io_source_info *info = open_fine("csv", options);
    cr_assert_eq(info->rows, rows, "%lld rows in: %s", (long long)info->rows, text);
    cr_assert_eq(info->dim, dim, "%lld values in: %s", (long long)info->dim, text);
}

static void expect_csv_refused(const char *text, const struct io_source_options *options, int code,
                               const char *message)
{
    write_text(text);
    expect_refused("csv", options, code, message);
}

/* The file's values, all of which are 1, 2, 3, ... */
static void expect_counting(const char *text, int64_t rows, int64_t dim)
{
    float values[16];
    expect_rows(text, NULL, rows, dim);
    read_rows(rows, values, NULL, NULL);
    for (int64_t i = 0; i < rows * dim; i++)
        cr_assert_float_eq(values[i], (float)i + 1.0f, 0.0f, "value %lld of: %s", (long long)i, text);
}

Test(source_csv, numbers_become_float32)
{
    float values[6];
    expect_rows("1,-2.5,1e3\n.5,+7,0\n", NULL, 2, 3);
    cr_assert_eq(io_source_info(source)->type, BL_FLOAT32);
    read_rows(2, values, NULL, NULL);
    cr_assert_arr_eq(values, ((float[]){1, -2.5f, 1000, 0.5f, 7, 0}), sizeof values);
}

Test(source_csv, lines_end_in_any_of_the_three_ways_and_the_last_needs_no_end)
{
    expect_counting("1,2\n3,4\n", 2, 2);
    expect_counting("1,2\r\n3,4\r\n", 2, 2);
    expect_counting("1,2\r3,4\r", 2, 2);
    expect_counting("1,2\n3,4", 2, 2);
    expect_counting("1,2\r\n3,4\r\n\r\n\n", 2, 2);
}

Test(source_csv, the_delimiter_is_found_in_the_first_line)
{
    expect_counting("1;2;3\n", 1, 3);
    expect_counting("1\t2\t3\n", 1, 3);
    expect_counting("1,2,3\n", 1, 3);
    expect_counting("a,b;c\n1;2\n", 1, 2);
    expect_counting("\"a,b,c\";d\n1;2\n", 1, 2);
}

Test(source_csv, a_byte_order_mark_is_passed_over)
{
    expect_counting("\xef\xbb\xbf"
                    "1,2\n",
                    1, 2);
    expect_counting("\xef\xbb\xbf"
                    "\"a\",b\n1,2\n",
                    1, 2);
}

Test(source_csv, spaces_around_numbers_are_fine)
{
    expect_counting("1, 2 ,  3\n", 1, 3);
}

Test(source_csv, numbers_may_be_quoted)
{
    expect_counting("\"1\",\"2\"\n3,\"4\"\n", 2, 2);
}

Test(source_csv, a_gzipped_file_is_the_same_rows)
{
    float values[4];
    write_gzipped("a,b\n1,2\n3,4\n", 12);
    cr_assert_eq(open_fine("csv", NULL)->rows, 2);
    read_rows(2, values, NULL, NULL);
    cr_assert_arr_eq(values, ((float[]){1, 2, 3, 4}), sizeof values);
}

Test(source_csv, a_first_line_with_a_cell_that_is_no_number_is_a_header)
{
    expect_counting("a,b\n1,2\n", 1, 2);
    cr_assert(io_source_info(source)->has_header);
    expect_counting(",b\n1,2\n", 1, 2);
    expect_counting("1,2\n", 1, 2);
    cr_assert_not(io_source_info(source)->has_header);
}

Test(source_csv, a_label_that_is_no_number_does_not_make_a_header)
{
    const struct io_source_options options = {.label_column = "1"};
    expect_rows("1,cat\n2,dog\n", &options, 2, 1);
    cr_assert_not(io_source_info(source)->has_header);
}

Test(source_csv, without_a_header_the_first_line_is_data)
{
    const struct io_source_options options = {.no_header = 1};
    expect_csv_refused("a,b\n1,2\n", &options, BL_INPUT, "line 1, column 0");
    expect_rows("1,2\n3,4\n", &options, 2, 2);
}

Test(source_csv, names_are_sorted_bytewise_and_labels_are_their_places)
{
    int32_t labels[4];
    float values[4];
    expect_rows("x,kind\n1,dog\n2,Cat\n3,\xc3\xa9\n4,dog\n", &label_by_name, 4, 1);
    const struct io_source_info *info = io_source_info(source);
    cr_assert_eq(info->n_classes, 3);
    cr_assert_eq(info->max_label, 2);
    cr_assert_str_eq(info->class_names[0], "Cat");
    cr_assert_str_eq(info->class_names[1], "dog");
    cr_assert_str_eq(info->class_names[2], "\xc3\xa9");
    read_rows(4, values, labels, NULL);
    cr_assert_arr_eq(labels, ((int32_t[]){1, 0, 2, 1}), sizeof labels);
    cr_assert_arr_eq(values, ((float[]){1, 2, 3, 4}), sizeof values);
}

Test(source_csv, labels_that_are_all_whole_numbers_stay_as_they_are)
{
    int32_t labels[4];
    float values[4];
    expect_rows("kind,x\n10,1\n-1,1\n9,1\n2.0,1\n", &label_by_name, 4, 1);
    cr_assert_eq(io_source_info(source)->n_classes, 0);
    cr_assert_null(io_source_info(source)->class_names);
    cr_assert_eq(io_source_info(source)->max_label, 10);
    read_rows(4, values, labels, NULL);
    cr_assert_arr_eq(labels, ((int32_t[]){10, -1, 9, 2}), sizeof labels);
}

Test(source_csv, one_label_that_is_no_number_makes_all_of_them_names)
{
    int32_t labels[3];
    float values[3];
    expect_rows("kind,x\n10,1\n9,1\n2.5,1\n", &label_by_name, 3, 1);
    cr_assert_eq(io_source_info(source)->n_classes, 3);
    read_rows(3, values, labels, NULL);
    cr_assert_arr_eq(labels, ((int32_t[]){0, 2, 1}), sizeof labels);
}

Test(source_csv, a_quoted_comma_quote_or_line_end_is_part_of_the_cell)
{
    expect_rows("kind,x\n\"a,b\",1\n\"say \"\"hi\"\"\",2\n\"two\nlines\",3\n\"\"\"\",4\n", &label_by_name, 4,
                1);
    const struct io_source_info *info = io_source_info(source);
    cr_assert_str_eq(info->class_names[0], "\"");
    cr_assert_str_eq(info->class_names[1], "a,b");
    cr_assert_str_eq(info->class_names[2], "say \"hi\"");
    cr_assert_str_eq(info->class_names[3], "two\nlines");
}

Test(source_csv, lines_are_counted_through_quoted_line_ends)
{
    expect_csv_refused("kind,x\n\"two\r\nlines\",3\na,b\n", &label_by_name, BL_INPUT, "line 4, column 1");
    expect_csv_refused("kind,x\n\"two\rlines\",3\na,b\n", &label_by_name, BL_INPUT, "line 4, column 1");
}

Test(source_csv, ids_are_padded_with_zero_bytes)
{
    const struct io_source_options options = {.label_column = "2", .id_column = "name"};
    char ids[12];
    int32_t labels[3];
    float values[3];
    memset(ids, 'x', sizeof ids);
    expect_rows("x,name,y\n1,a,5\n2,long,6\n3,xy,7\n", &options, 3, 1);
    cr_assert(io_source_info(source)->has_ids);
    cr_assert_eq(io_source_info(source)->id_bytes, 4);
    read_rows(3, values, labels, ids);
    cr_assert_arr_eq(ids, "a\0\0\0longxy\0\0", 12);
    cr_assert_arr_eq(labels, ((int32_t[]){5, 6, 7}), sizeof labels);
}

Test(source_csv, a_number_means_a_column_before_a_name_does)
{
    const struct io_source_options options = {.label_column = "2"};
    int32_t label;
    float values[2];
    expect_rows("2,0,1\n", &options, 1, 2);
    read_rows(1, values, &label, NULL);
    cr_assert_eq(label, 1);
}

Test(source_csv, one_column_may_be_labels_alone)
{
    const struct io_source_options alone = {.labels_alone = 1};
    int32_t labels[3];
    float unused[1];
    expect_rows("dog\ncat\ndog\n", &alone, 3, 0);
    read_rows(3, unused, labels, NULL);
    cr_assert_arr_eq(labels, ((int32_t[]){1, 0, 1}), sizeof labels);
    expect_rows("0,1\n1,1\n", &alone, 2, 2);
    cr_assert_not(io_source_info(source)->has_labels);
    cr_assert_eq(io_source_info(source)->max_label, -1);
}

Test(source_csv, a_column_that_is_not_there_lists_those_that_are)
{
    const struct io_source_options wrong = {.label_column = "klass"}, far = {.id_column = "3"};
    expect_csv_refused("a,b,kind\n1,2,3\n", &wrong, BL_USAGE, "a, b, kind");
    expect_csv_refused("a,b,kind\n1,2,3\n", &far, BL_USAGE, "a, b, kind");
    const struct io_source_options bare = {.label_column = "kind", .no_header = 1};
    expect_csv_refused("1,2,3\n", &bare, BL_USAGE, "0 to 2");
    const struct io_source_options same = {.label_column = "kind", .id_column = "2"};
    expect_csv_refused("a,b,kind\n1,2,3\n", &same, BL_USAGE, "same column");
    expect_csv_refused("kind,b,kind\n1,2,3\n", &label_by_name, BL_USAGE, "2 columns of that name");
}

Test(source_csv, a_cell_that_is_no_number_is_refused_with_line_and_column)
{
    static const char *const cells[] = {"x",    "1.2.3", "0x10", "1e",  "1 2", "12abc",
                                        "1e39", "--1",   "null", "1_0", ".",   "nan(1)"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char text[60];
        snprintf(text, sizeof text, "a,b\n1,2\n3,%s\n", cells[i]);
        expect_csv_refused(text, NULL, BL_INPUT, "line 3, column 1");
        cr_assert_not_null(strstr(source_err.what, cells[i]), "%s", source_err.what);
    }
}

Test(source_csv, an_empty_cell_is_refused_with_line_and_column)
{
    expect_csv_refused("a,b\n1,2\n,4\n", NULL, BL_INPUT,
                       "line 3, column 0 (counted from 0): the cell is empty");
    expect_csv_refused("a,b\n1,2\n3, \n", NULL, BL_INPUT, "line 3, column 1");
    expect_csv_refused("1,\n3,4\n", NULL, BL_INPUT, "line 1, column 1");
    expect_csv_refused("x,kind\n1,\n", &label_by_name, BL_INPUT, "line 2: the label is empty");
    const struct io_source_options ids = {.id_column = "kind"};
    expect_csv_refused("x,kind\n1,\n", &ids, BL_INPUT, "line 2: the id is empty");
}

Test(source_csv, nan_and_infinity_are_numbers_here)
{
    float values[4];
    expect_rows("a,b,c,d\nnan,inf,-Infinity,NaN\n", NULL, 1, 4);
    read_rows(1, values, NULL, NULL);
    cr_assert(isnan(values[0]) && isinf(values[1]) && values[2] < 0 && isnan(values[3]));
}

Test(source_csv, a_line_with_another_number_of_cells_is_refused)
{
    expect_csv_refused("1,2\n3\n", NULL, BL_INPUT, "line 2 has 1 cell but the first line has 2");
    expect_csv_refused("1,2\n3,4,5\n", NULL, BL_INPUT, "line 2 has 3 cells");
    expect_csv_refused("1,2\n3,4,\n", NULL, BL_INPUT, "line 2 has 3 cells");
}

Test(source_csv, a_blank_line_among_the_rows_is_refused)
{
    expect_csv_refused("1,2\n\n3,4\n", NULL, BL_INPUT, "line 2 is blank");
    expect_csv_refused("\n1,2\n", NULL, BL_INPUT, "line 1 is blank");
}

Test(source_csv, broken_quotes_and_zero_bytes_are_refused_with_their_line)
{
    expect_csv_refused("1,2\n\"3,4\n5,6\n", NULL, BL_INPUT, "line 2: a quote is opened");
    expect_csv_refused("1,2\n\"3\"x,4\n", NULL, BL_INPUT, "line 2: text follows a quoted cell");
    write_bytes("1,2\n3,\0\n", 8);
    expect_refused("csv", NULL, BL_INPUT, "line 2: a zero byte");
    write_bytes("1,2\n3,\"\0\"\n", 10);
    expect_refused("csv", NULL, BL_INPUT, "line 2: a zero byte");
    write_bytes("\xff\xfe\x31\0,\0\x32\0", 8);
    expect_refused("csv", NULL, BL_INPUT, "zero byte");
}

Test(source_csv, an_empty_file_is_refused_and_a_header_alone_has_no_rows)
{
    expect_csv_refused("", NULL, BL_INPUT, "is empty");
    expect_csv_refused("\n\n", NULL, BL_INPUT, "is empty");
    expect_rows("a,b\n", NULL, 0, 2);
}

Test(source_csv, a_number_that_can_not_be_a_class_is_refused_with_its_line)
{
    expect_csv_refused("x,kind\n1,3\n1,-2\n", &label_by_name, BL_INPUT, "line 3: the label -2");
    expect_csv_refused("x,kind\n1,2147483648\n", &label_by_name, BL_INPUT, "line 2");
    expect_csv_refused("x,kind\n1,99999999999999999999\n", &label_by_name, BL_INPUT, "line 2");
    expect_rows("x,kind\n1,2147483647\n", &label_by_name, 1, 1);
}

static void write_many_labels(int n, const char *pattern)
{
    FILE *file = fopen(source_path, "wb");
    cr_assert_not_null(file);
    fputs("x,kind\n", file);
    for (int i = 0; i < n; i++) {
        fputs("1,", file);
        fprintf(file, pattern[0] == 'n' ? "n%d\n" : "%d\n", i);
    }
    fclose(file);
}

Test(source_csv, more_than_65536_names_are_refused_but_that_many_numbers_are_not)
{
    write_many_labels(65537, "n");
    expect_refused("csv", &label_by_name, BL_INPUT, "65536");
    write_many_labels(65536, "n");
    cr_assert_eq(open_fine("csv", &label_by_name)->n_classes, 65536);
    write_many_labels(65537, "0");
    cr_assert_eq(open_fine("csv", &label_by_name)->max_label, 65536);
}

/* Records longer than the first room for one, over many edges of the read buffer. */
Test(source_csv, long_rows_and_many_blocks_arrive_whole)
{
    enum { ROWS = 300, DIM = 700 };
    static float values[ROWS * DIM];
    FILE *file = fopen(source_path, "wb");
    cr_assert_not_null(file);
    for (int i = 0; i < ROWS * DIM; i++)
        fprintf(file, i % 3 ? "%d%s" : "\"%d\"%s", i, (i + 1) % DIM ? "," : "\r\n");
    fclose(file);
    open_fine("csv", NULL);
    read_rows(100, values, NULL, NULL);
    cr_assert_eq(io_source_skip(source, 50, &source_err), BL_OK);
    read_rows(150, values + 150 * DIM, NULL, NULL);
    for (int i = 0; i < ROWS * DIM; i++)
        if (i / DIM < 100 || i / DIM >= 150)
            cr_assert_eq((int)values[i], i);
}

/* CSV has no promise to hold: a cut file is either refused or fewer rows, and nothing crashes. */
Test(source_csv, a_file_cut_anywhere_is_refused_or_fewer_rows)
{
    static const char whole[] = "id,x,kind\r\n\"a\"\"1\",1.5,cat\r\nb,-2,\"d\nog\"\r\n";
    const struct io_source_options options = {.label_column = "kind", .id_column = "id"};
    for (size_t cut = 0; cut < sizeof whole - 1; cut++) {
        write_bytes(whole, cut);
        int code = open_as("csv", &options);
        cr_assert(code == BL_OK || code == BL_INPUT || (cut < 9 && code == BL_USAGE), "cut at %zu: %d", cut,
                  code);
        if (code == BL_OK)
            cr_assert_leq(io_source_info(source)->rows, 2);
    }
}

#include <math.h>

#include "support/sources.h"

/* "LABEL[,LABEL]... [qid:N] INDEX:VALUE ... # comment", a row a line. */

TestSuite(source_svmlight, .init = sources_enter, .fini = sources_leave);

static const struct io_source_info *open_text(const char *text, const struct io_source_options *options)
{
    write_bytes(text, strlen(text));
    return open_fine("svmlight", options);
}

static void refuse(const char *text, const struct io_source_options *options, const char *why)
{
    write_bytes(text, strlen(text));
    expect_refused("svmlight", options, BL_INPUT, why);
}

static void expect_three(const char *text)
{
    static const float values[] = {0.5f, 0.0f, -2.0f, 0.0f, 0.0f, 0.0f, 0.0f, 3e3f, 0.0f};
    const struct io_source_info *info = open_text(text, NULL);
    float got[9];
    int32_t labels[3];
    cr_assert(info->rows == 3 && info->dim == 3 && info->type == BL_FLOAT32 && info->has_labels);
    cr_assert(info->max_label == 7 && info->label_columns == 0);
    cr_assert_str_eq(info->note, "indices from 1");
    read_rows(3, got, labels, NULL);
    cr_assert_arr_eq(got, values, sizeof values);
    cr_assert(labels[0] == 1 && labels[1] == -1 && labels[2] == 7);
}

Test(source_svmlight, values_that_are_not_there_are_zero)
{
    expect_three("1 1:0.5 3:-2\n-1\n7 2:3e3\n");
}

Test(source_svmlight, line_ends_comments_blanks_and_a_byte_order_mark_change_nothing)
{
    expect_three("\xef\xbb\xbf# made by hand\r\n+1 1:0.5 3:-2 # a:b\r\n-1 \r\n7.0\t2:3e3\r\n\r\n");
    expect_three("  1 1:.5  3:-2\r-1#\r7 2:3000 #end");
}

Test(source_svmlight, a_gzipped_file_is_the_same_and_rows_can_be_skipped)
{
    static const char text[] = "1 1:1\n2 1:2 2:5\n3 1:3\n";
    float got[2];
    int32_t label;
    write_gzipped(text, strlen(text));
    cr_assert_eq(open_fine("svmlight", NULL)->rows, 3);
    cr_assert_eq(io_source_skip(source, 1, &source_err), BL_OK);
    read_rows(1, got, &label, NULL);
    cr_assert(got[0] == 2.0f && got[1] == 5.0f && label == 2);
}

Test(source_svmlight, a_line_is_the_same_wherever_a_read_ends)
{
    enum { READ = 1 << 18 };
    static const char tail[] = "7 1:1.25 2:-3\r\n8 2:77\r\n9 2:x\n";
    static char text[READ + 100];
    for (size_t at = 0; at <= strlen(tail); at++) {
        memset(text, '#', READ - at);
        memcpy(text, "1 1:1", 5);
        text[READ - at - 1] = '\n';
        memcpy(text + READ - at, tail, sizeof tail);
        refuse(text, NULL, "line 4: 'x' of index 2 is not a number of float32");
        *strstr(text + READ - at, ":x") = '\0';
        strcpy(text + strlen(text), ":5");
        float got[8];
        int32_t labels[4];
        cr_assert(open_text(text, NULL)->rows == 4 && io_source_info(source)->dim == 2, "at %zu", at);
        read_rows(4, got, labels, NULL);
        cr_assert(got[2] == 1.25f && got[3] == -3.0f && got[5] == 77.0f && got[7] == 5.0f, "at %zu", at);
        cr_assert(labels[1] == 7 && labels[2] == 8 && labels[3] == 9, "at %zu", at);
    }
}

Test(source_svmlight, an_index_0_anywhere_makes_indices_count_from_0)
{
    const struct io_source_options from_0 = {.has_first_index = 1},
                                   from_1 = {.has_first_index = 1, .first_index = 1};
    float got[4];
    cr_assert_eq(open_text("1 1:5\n2 0:6\n", NULL)->dim, 2);
    cr_assert_str_eq(io_source_info(source)->note, "indices from 0");
    read_rows(2, got, NULL, NULL);
    cr_assert(got[0] == 0.0f && got[1] == 5.0f && got[2] == 6.0f && got[3] == 0.0f);
    cr_assert_eq(open_text("1 1:5\n2 1:6\n", &from_0)->dim, 2);
    cr_assert_eq(open_text("1 1:5\n2 1:6\n", &from_1)->dim, 1);
    refuse("1 1:5\n2 0:6\n", &from_1, "line 2 has the index 0, but --first-index says 1");
}

Test(source_svmlight, the_width_that_is_asked_for_is_kept_and_a_larger_index_refused)
{
    const struct io_source_options options = {.width = 4};
    float got[4];
    cr_assert_eq(open_text("1 2:5\n", &options)->dim, 4);
    read_rows(1, got, NULL, NULL);
    cr_assert(got[1] == 5.0f && got[2] == 0.0f && got[3] == 0.0f);
    cr_assert_eq(open_text("1 0:1 3:5\n", &options)->dim, 4);
    refuse("1 4:5\n1 5:5\n", &options,
           "line 2 has the index 5, but here rows have 4 features (indices 1 to 4)");
    refuse("1 0:5\n1 4:5\n", &options,
           "line 2 has the index 4, but here rows have 4 features (indices 0 to 3)");
}

Test(source_svmlight, several_labels_are_a_matrix_in_which_a_row_may_have_none)
{
    const struct io_source_options wider = {.label_columns = 6};
    uint8_t matrix[18];
    float got[3];
    const struct io_source_info *info = open_text("1,3 1:1\n 1:2\n0 1:3\n", NULL);
    cr_assert(info->has_labels && info->label_columns == 4);
    read_rows(3, got, (int32_t *)(void *)matrix, NULL);
    cr_assert_arr_eq(matrix, ((uint8_t[]){0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0}), 12);
    cr_assert_eq(open_text("1 1:1\n2 1:2\n", &wider)->label_columns, 6);
    read_rows(2, got, (int32_t *)(void *)matrix, NULL);
    cr_assert_arr_eq(matrix, ((uint8_t[]){0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}), 12);
    refuse("1,3 1:1\n-1 1:2\n", NULL, "line 2 has the label -1, where rows have several labels");
    refuse("1,65536 1:1\n", NULL, "line 1: the label 65536 is beyond 65535");
}

Test(source_svmlight, labels_that_are_no_classes_are_refused_unless_they_are_passed_over)
{
    static const char *const labels[] = {"0.5", "cat", "-2", "2147483648", "1e99",
                                         "nan", "0x1", "1,", "+",          "1;2"};
    const struct io_source_options without = {.without_labels = 1};
    char text[60], why[80];
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        snprintf(text, sizeof text, "1 1:1\n%s 1:1\n", labels[i]);
        snprintf(why, sizeof why, "line 2: the label '%s' can't be a class",
                 strcmp(labels[i], "1,") == 0 ? "" : labels[i]);
        refuse(text, NULL, why);
        cr_assert_not(open_text(text, &without)->has_labels);
    }
    refuse("1 1:1\n1:1\n", NULL, "line 2 has no label, but others have");
    cr_assert_not(open_text("1:1\n2:1\n", NULL)->has_labels);
}

Test(source_svmlight, a_query_number_is_passed_over_and_said)
{
    float got[2];
    int32_t labels[2];
    cr_assert_eq(open_text("2 qid:1 1:4\n1 qid:2 1:5\n", NULL)->dim, 1);
    cr_assert_str_eq(io_source_info(source)->note, "indices from 1, qid passed over");
    read_rows(2, got, labels, NULL);
    cr_assert(got[0] == 4.0f && got[1] == 5.0f && labels[0] == 2 && labels[1] == 1);
    refuse("2 qid:x 1:4\n", NULL, "line 1: 'qid:x' isn't qid: and a whole number");
    refuse("2 1:4 qid:1\n", NULL, "line 1: 'qid:1' isn't index:value");
}

Test(source_svmlight, rows_that_are_not_index_and_value_are_refused_with_their_line)
{
    static const struct {
        const char *row, *why;
    } rows[] = {
        {"1 2:1 2:1", "line 2: the index 2 occurs twice"},
        {"1 0:1 0:1", "line 2: the index 0 occurs twice"},
        {"1 3:1 2:1", "line 2: the index 2 stands behind 3"},
        {"1 -1:1", "line 2: '-1:1' isn't index:value"},
        {"1 1.5:1", "line 2: '1.5:1' isn't index:value"},
        {"1 :1", "line 2: ':1' isn't index:value"},
        {"1 5", "line 2: '5' isn't index:value"},
        {"1 1 :5", "line 2: '1' isn't index:value"},
        {"1 1:", "line 2: '' of index 1 is not a number"},
        {"1 1:1,5", "line 2: '1,5' of index 1 is not a number"},
        {"1 1:0x10", "line 2: '0x10' of index 1 is not a number"},
        {"1 1:1e39", "line 2: '1e39' of index 1 is not a number of float32"},
        {"1 16777217:1", "line 2: an index is beyond 16777216"},
        {"1 99999999999999999999999:1", "line 2: an index is beyond 16777216"},
        {"\n1 1:1", "line 2 is blank"},
    };
    char text[100];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "1 1:1\n%s\n", rows[i].row);
        refuse(text, NULL, rows[i].why);
    }
    refuse("", NULL, "has no rows");
    refuse("# nothing\n\n", NULL, "has no rows");
    write_bytes("1 1:1\n1 2:\0\n", 12);
    expect_refused("svmlight", NULL, BL_INPUT, "line 2: a zero byte");
}

Test(source_svmlight, numbers_are_read_as_in_other_text)
{
    const struct io_source_options wide = {.wide = 1};
    double got[2];
    cr_assert_eq(open_text("1 1:1e39 2:nan\n", &wide)->type, BL_FLOAT64);
    read_rows(1, got, NULL, NULL);
    cr_assert(got[0] == 1e39 && isnan(got[1]));
    cr_assert(open_text("1 1:255 2:7\n", NULL)->are_bytes);
    cr_assert_not(open_text("1 1:255 2:-7\n", NULL)->are_bytes);
}

Test(source_svmlight, a_line_of_more_than_64_MiB_is_refused)
{
    static char part[1 << 20];
    memset(part, ' ', sizeof part);
    FILE *file = fopen(source_path, "wb");
    fputs("1 1:1\n1 ", file);
    for (int i = 0; i < 65; i++)
        cr_assert_eq(fwrite(part, 1, sizeof part, file), sizeof part);
    fputs("1:1\n", file);
    cr_assert_eq(fclose(file), 0);
    expect_refused("svmlight", NULL, BL_INPUT, "line 2 is longer than 64 MiB");
}

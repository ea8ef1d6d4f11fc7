#include "io/csv_labels.h"

#include "support/sources.h"

TestSuite(csv_labels, .init = sources_enter, .fini = sources_leave);

static const char *const two_names[] = {"dog", "cat"};

/* Opens rows of one feature and the label; a second argument of options is the known names. */
static const struct io_source_info *open_labels(const char *text, const char *const *known, int64_t n_known)
{
    const struct io_source_options options = {
        .label_column = "kind", .class_names = known, .n_class_names = n_known};
    write_bytes(text, strlen(text));
    return open_fine("csv", &options);
}

static void expect_labels(int64_t n, const int32_t *expected)
{
    float features[16];
    int32_t labels[16];
    read_rows(n, features, labels, NULL);
    cr_assert_arr_eq(labels, expected, (size_t)n * sizeof *labels);
}

static void expect_remark(const char *part)
{
    const struct io_remarks *remarks = io_source_info(source)->remarks;
    int found = 0;
    for (int i = 0; i < remarks->n; i++)
        found |= strstr(remarks->text[i], part) != NULL;
    cr_assert(found, "'%s' is in none of %d remarks, the first of which is: %s", part, remarks->n,
              remarks->n ? remarks->text[0] : "");
}

static void expect_no_remark(void)
{
    const struct io_remarks *remarks = io_source_info(source)->remarks;
    cr_assert_eq(remarks->n, 0, "%s", remarks->text[0]);
}

Test(csv_labels, blanks_around_a_cell_make_no_other_class)
{
    const struct io_source_info *info = open_labels("x, kind\n1,cat\n2, cat\n3,cat \n4,\tdog\n5,\xc2\xa0"
                                                    "dog\n6, \"dog\" \n",
                                                    NULL, 0);
    cr_assert_eq(info->n_classes, 2);
    expect_labels(6, (int32_t[]){0, 0, 0, 1, 1, 1});
    expect_no_remark();
}

Test(csv_labels, whole_numbers_behind_blanks_are_numbers)
{
    const struct io_source_info *info = open_labels("x, kind\n1, 12\n2, 2\n3,\t-1\n", NULL, 0);
    cr_assert_eq(info->n_classes, 0);
    cr_assert_eq(info->max_label, 12);
    expect_labels(3, (int32_t[]){12, 2, -1});
}

Test(csv_labels, a_column_is_found_by_its_name_with_blanks_or_without)
{
    const struct io_source_options blank = {.label_column = " kind "};
    open_labels("x, kind \n1,2\n", NULL, 0);
    open_fine("csv", &blank);
    cr_assert_str_eq(io_source_info(source)->columns[0], "x");
}

Test(csv_labels, blanks_within_quotes_are_kept_and_remarked)
{
    cr_assert_eq(open_labels("kind,x\n\" cat\",1\ncat,2\n", NULL, 0)->n_classes, 2);
    expect_remark("' cat' and 'cat' differ only in blanks or case");
}

Test(csv_labels, names_that_differ_in_case_are_remarked)
{
    open_labels("kind,x\nCat,1\ndog,2\ncat,3\n", NULL, 0);
    expect_remark("'Cat' and 'cat' differ only in blanks or case");
}

Test(csv_labels, a_missing_value_among_numbers_is_no_class)
{
    cr_assert_eq(open_labels("kind,x\n3,1\nNA,2\nnan,3\n10.0,4\n?,5\n", NULL, 0)->n_classes, 0);
    expect_labels(5, (int32_t[]){3, -1, -1, 10, -1});
    expect_remark("'NA' among numbers (3 rows, first in line 3) is taken as no class");
}

Test(csv_labels, a_missing_value_among_names_is_a_name_and_said_to_be_one)
{
    cr_assert_eq(open_labels("kind,x\ncat,1\n?,2\ndog,3\n", NULL, 0)->n_classes, 3);
    expect_remark("'?' (1 row, first in line 3) is taken as the name of a class");
}

Test(csv_labels, minus_one_among_names_is_no_class)
{
    cr_assert_eq(open_labels("kind,x\ncat,1\n-1,2\ndog,3\n", NULL, 0)->n_classes, 2);
    expect_labels(3, (int32_t[]){0, -1, 1});
    expect_remark("'-1' among names (1 row, first in line 3) is taken as no class");
}

Test(csv_labels, fractions_and_numbers_among_names_are_remarked)
{
    open_labels("kind,x\n0.5,1\n1,2\n", NULL, 0);
    expect_remark("'0.5' (line 2) is a number with a fraction");
    open_labels("kind,x\n10,1\n2,2\nother,3\n", NULL, 0);
    expect_remark("'other' (line 4) is no number");
}

Test(csv_labels, an_empty_label_is_refused_with_its_line)
{
    const struct io_source_options options = {.label_column = "kind"};
    write_bytes("kind,x\ncat,1\n ,2\n", 17);
    expect_refused("csv", &options, BL_INPUT, "line 3: the label is empty");
}

Test(csv_labels, known_names_keep_their_classes_and_new_ones_follow)
{
    const struct io_source_info *info = open_labels("kind,x\nemu,1\ncat,2\ndog,3\nant,4\n", two_names, 2);
    cr_assert_eq(info->n_classes, 4);
    cr_assert_str_eq(info->class_names[0], "dog");
    cr_assert_str_eq(info->class_names[2], "ant");
    expect_labels(4, (int32_t[]){3, 1, 0, 2});
    expect_remark("2 class names of this split are in no other split of the file: 'ant', ...");
}

Test(csv_labels, some_of_the_known_names_have_the_same_list)
{
    cr_assert_eq(open_labels("kind,x\ncat,1\ncat,2\n", two_names, 2)->n_classes, 2);
    expect_labels(2, (int32_t[]){1, 1});
    expect_no_remark();
}

Test(csv_labels, a_new_name_that_looks_like_a_known_one_is_remarked)
{
    open_labels("kind,x\nCat,1\n", two_names, 2);
    expect_remark("'cat' and 'Cat' differ only in blanks or case");
}

Test(csv_labels, numbers_that_are_known_names_are_names)
{
    const char *const numbers[] = {"1", "10", "2"};
    cr_assert_eq(open_labels("kind,x\n2,1\n1,2\n", numbers, 3)->n_classes, 3);
    expect_labels(2, (int32_t[]){2, 0});
    cr_assert_eq(open_labels("kind,x\n2,1\n3,2\n", numbers, 3)->n_classes, 0);
}

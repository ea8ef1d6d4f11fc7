#include "support/sources.h"

/* How numbers are written in CSV, and in which type they come. */

TestSuite(csv_numbers, .init = sources_enter, .fini = sources_leave);

static void write_text(const char *text)
{
    write_bytes(text, strlen(text));
}

Test(csv_numbers, decimal_commas_are_read_where_the_option_says_so)
{
    const struct io_source_options comma = {.decimal_comma = 1};
    float rows[4];
    write_text("a;b\n1,5;-0,25\n3;1e2\n");
    cr_assert_eq(open_fine("csv", &comma)->dim, 2);
    read_rows(2, rows, NULL, NULL);
    cr_assert(rows[0] == 1.5f && rows[1] == -0.25f && rows[2] == 3.0f && rows[3] == 100.0f);
    expect_refused("csv", NULL, BL_INPUT, "'1,5' is not a number; with a decimal comma, add --decimal comma");
    write_text("1,5\n2,25\n");
    cr_assert_eq(open_fine("csv", &comma)->dim, 1);
    cr_assert_eq(io_source_info(source)->rows, 2);
}

Test(csv_numbers, a_point_or_a_second_comma_is_no_number_with_decimal_commas)
{
    const struct io_source_options comma = {.decimal_comma = 1};
    write_text("1,5;2\n1.5;2\n");
    expect_refused("csv", &comma, BL_INPUT, "line 2");
    write_text("1,5;2\n1,234,5;2\n");
    expect_refused("csv", &comma, BL_INPUT, "line 2");
}

Test(csv_numbers, float64_keeps_what_float32_would_round_or_refuse)
{
    const struct io_source_options wide = {.wide = 1};
    double rows[2];
    write_text("0.1,1e300\n");
    cr_assert_eq(open_fine("csv", &wide)->type, BL_FLOAT64);
    read_rows(1, rows, NULL, NULL);
    cr_assert(rows[0] == 0.1 && rows[1] == 1e300);
    write_text("1,2\n3,1e300\n");
    expect_refused("csv", NULL, BL_INPUT, "not a number of float32");
}

Test(csv_numbers, bytes_are_recognised)
{
    write_text("0,255\n7,8.0\n");
    cr_assert(open_fine("csv", NULL)->are_bytes && io_source_info(source)->is_text);
    write_text("0,256\n");
    cr_assert(!open_fine("csv", NULL)->are_bytes);
    write_text("0.5,2\n");
    cr_assert(!open_fine("csv", NULL)->are_bytes);
    write_text("nan,2\n");
    cr_assert(!open_fine("csv", NULL)->are_bytes);
}

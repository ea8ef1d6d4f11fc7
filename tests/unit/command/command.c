#include "mpi/command/command.h"

#include <criterion/criterion.h>
#include <string.h>

enum { WORDS_MAX = 12 };

/* Writable copies: the parser may cut "--name=value" in two. */
struct line {
    char text[WORDS_MAX][40];
    char *argv[WORDS_MAX + 1];
    int argc;
};

static void split(struct line *line, const char *words)
{
    memset(line, 0, sizeof *line);
    while (*words) {
        size_t n = strcspn(words, " ");
        memcpy(line->text[line->argc], words, n);
        line->argv[line->argc] = line->text[line->argc];
        line->argc++;
        words += n + (words[n] == ' ');
    }
}

static int sets;

static void count_set(void *at, const char *value)
{
    sets++;
    *(const char **)at = value;
}

static struct {
    const char *output, *quick, *set;
} given;

#define AT(field) offsetof(__typeof__(given), field)
static const struct command_option options[] = {
    {.name = "--output|-o", .argument = "FILE", .at = AT(output)},
    {.name = "--quick", .at = AT(quick)},
    {.name = "--set", .argument = "KEY=VALUE", .at = AT(set), .each = count_set},
    COMMAND_OPTIONS_END,
};

static const char *positional[2];
static int n_positional;
static struct bl_error err;
static struct line line;

static int parse(const char *words)
{
    memset(&given, 0, sizeof given);
    sets = n_positional = 0;
    memset(&err, 0, sizeof err);
    split(&line, words);
    return command_parse(line.argc, line.argv, options, &given, positional, 1, 2, &n_positional, &err);
}

Test(command, options_and_arguments_may_stand_in_any_order)
{
    cr_assert_eq(parse("encode --output out a --quick b"), BL_OK, "%s", err.what);
    cr_assert_str_eq(given.output, "out");
    cr_assert_not_null(given.quick);
    cr_assert_eq(n_positional, 2);
    cr_assert_str_eq(positional[0], "a");
    cr_assert_str_eq(positional[1], "b");
}

Test(command, a_value_may_follow_an_equals_sign)
{
    cr_assert_eq(parse("encode a --output=x=y"), BL_OK);
    cr_assert_str_eq(given.output, "x=y");
}

Test(command, a_letter_stands_for_its_long_name)
{
    cr_assert_eq(parse("encode a -o out"), BL_OK);
    cr_assert_str_eq(given.output, "out");
}

Test(command, an_option_not_given_keeps_its_value)
{
    cr_assert_eq(parse("encode a"), BL_OK);
    cr_assert_null(given.output);
    cr_assert_null(given.quick);
}

Test(command, a_repeated_option_is_refused_under_any_of_its_names)
{
    cr_assert_eq(parse("encode a -o one --output=two"), BL_USAGE);
    cr_assert(strstr(err.what, "--output is given twice"), "%s", err.what);
    cr_assert_eq(parse("encode a --quick --quick"), BL_USAGE);
    cr_assert_eq(parse("encode a --quick -- --quick"), BL_OK);
}

Test(command, each_is_called_for_every_occurrence)
{
    cr_assert_eq(parse("encode a --set k=1 --set=k=2"), BL_OK);
    cr_assert_eq(sets, 2);
    cr_assert_str_eq(given.set, "k=2");
}

Test(command, after_two_dashes_everything_is_an_argument)
{
    cr_assert_eq(parse("encode -- --quick -o"), BL_OK);
    cr_assert_null(given.quick);
    cr_assert_eq(n_positional, 2);
    cr_assert_str_eq(positional[0], "--quick");
}

Test(command, a_single_dash_is_an_argument)
{
    cr_assert_eq(parse("encode -"), BL_OK);
    cr_assert_str_eq(positional[0], "-");
}

Test(command, an_unknown_option_suggests_the_nearest)
{
    cr_assert_eq(parse("encode a --ouput out"), BL_USAGE);
    cr_assert_str_eq(err.what, "unknown option --ouput; did you mean --output?");
}

Test(command, a_part_of_a_name_is_not_the_name)
{
    cr_assert_eq(parse("encode a --out out"), BL_USAGE);
    cr_assert_eq(parse("encode a --outputs out"), BL_USAGE);
    cr_assert_eq(parse("encode a -oout"), BL_USAGE);
}

Test(command, a_missing_value_is_named)
{
    cr_assert_eq(parse("encode a --output"), BL_USAGE);
    cr_assert(strstr(err.what, "--output needs a value"), "%s", err.what);
}

Test(command, a_value_that_is_not_wanted_is_refused)
{
    cr_assert_eq(parse("encode a --quick=yes"), BL_USAGE);
    cr_assert(strstr(err.what, "--quick takes no value"), "%s", err.what);
}

Test(command, too_few_arguments_say_how_many_are_needed)
{
    cr_assert_eq(parse("encode"), BL_USAGE);
    cr_assert(strstr(err.what, "encode needs 1 argument, got 0"), "%s", err.what);
}

Test(command, an_argument_too_many_is_named)
{
    cr_assert_eq(parse("encode a b c"), BL_USAGE);
    cr_assert(strstr(err.what, "unexpected argument 'c'"), "%s", err.what);
}

Test(command, whole_numbers_are_read_within_their_range)
{
    int64_t value = -1;
    cr_assert_eq(command_integer("--bits", "64", 1, 1024, &value, &err), BL_OK);
    cr_assert_eq(value, 64);
    cr_assert_eq(command_integer("--bits", "1", 1, 1024, &value, &err), BL_OK);
    cr_assert_eq(command_integer("--bits", "1024", 1, 1024, &value, &err), BL_OK);
}

Test(command, what_is_no_whole_number_in_range_is_refused_and_named)
{
    static const char *const wrong[] = {"", "x", "64x", "6.4", "0", "1025", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t value = 7;
        cr_assert_eq(command_integer("--bits", wrong[i], 1, 1024, &value, &err), BL_USAGE, "%s", wrong[i]);
        cr_assert_eq(value, 7);
        cr_assert(strstr(err.what, "--bits"), "%s", err.what);
    }
}

Test(command, real_numbers_are_read_within_their_range)
{
    double value;
    cr_assert_eq(command_real("--share", "2.5e-1", 0, 1, &value, &err), BL_OK);
    cr_assert_eq(value, 0.25);
}

Test(command, what_is_no_real_number_in_range_is_refused)
{
    static const char *const wrong[] = {"", "x", "0.5x", "-0.1", "1.1", "nan", "inf"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        double value = 7;
        cr_assert_eq(command_real("--share", wrong[i], 0, 1, &value, &err), BL_USAGE, "%s", wrong[i]);
        cr_assert_eq(value, 7.0);
    }
}

/* An unset variable of a script. */
Test(command, an_empty_value_or_argument_is_refused)
{
    cr_assert_eq(parse("encode a -o  b"), BL_USAGE);
    cr_assert(strstr(err.what, "-o is empty; see --help"), "%s", err.what);
    cr_assert_eq(parse("encode a --output= b"), BL_USAGE);
    cr_assert(strstr(err.what, "--output is empty"), "%s", err.what);
    cr_assert_eq(parse("encode a --set  b"), BL_USAGE);
    cr_assert(strstr(err.what, "--set is empty"), "%s", err.what);
    cr_assert_eq(parse("encode  b"), BL_USAGE);
    cr_assert(strstr(err.what, "encode: an argument is empty"), "%s", err.what);
}

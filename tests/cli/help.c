#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/cli.h"

enum { COMMANDS_MAX = 64, NAME_BYTES = 32 };

/* The names in the list that `bitloom --help` prints: lines of two spaces and a small letter. */
static int list_commands(char names[COMMANDS_MAX][NAME_BYTES])
{
    struct cli_result result;
    cli_run(&result, 0, "--help");
    cli_expect_success(&result);
    int n = 0;
    for (char *line = strtok(result.out, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, "  ", 2) != 0 || line[2] < 'a' || line[2] > 'z')
            continue;
        cr_assert_lt(n, COMMANDS_MAX);
        snprintf(names[n++], NAME_BYTES, "%.*s", (int)strcspn(line + 2, " *"), line + 2);
    }
    cli_free(&result);
    return n;
}

Test(cli_help, the_page_lists_the_commands)
{
    char names[COMMANDS_MAX][NAME_BYTES];
    int n = list_commands(names), seen = 0;
    for (int i = 0; i < n; i++)
        seen += strcmp(names[i], "version") == 0;
    cr_assert_eq(seen, 1);
}

Test(cli_help, every_command_shows_its_usage_and_an_example)
{
    char names[COMMANDS_MAX][NAME_BYTES];
    int n = list_commands(names);
    cr_assert_gt(n, 0);
    for (int i = 0; i < n; i++) {
        struct cli_result result;
        char start[NAME_BYTES + 16];
        snprintf(start, sizeof start, "bitloom %s", names[i]);
        cli_run(&result, 0, "%s --help", names[i]);
        cli_expect_success(&result);
        cr_assert(strstr(result.out, "usage:"), "%s --help has no usage: %s", names[i], result.out);
        const char *example = strstr(result.out, "example");
        cr_assert(example, "%s --help has no example: %s", names[i], result.out);
        cr_assert(strstr(example, start), "the example of %s doesn't show it: %s", names[i], result.out);
        cr_assert_eq(result.err[0], '\0', "%s --help complains: %s", names[i], result.err);
        cli_free(&result);
    }
}

Test(cli_help, every_command_suggests_the_option_that_was_meant)
{
    char names[COMMANDS_MAX][NAME_BYTES];
    int n = list_commands(names);
    for (int i = 0; i < n; i++)
        cli_fails(0, 2, "unknown option --no-such-option", "%s --no-such-option", names[i]);
}

Test(cli_help, no_argument_shows_the_page_and_is_a_usage_error)
{
    struct cli_result result;
    cli_run(&result, 0, "%s", "");
    cr_assert_eq(result.status, 2);
    cr_assert(strstr(result.out, "usage: bitloom COMMAND"));
    cli_free(&result);
}

Test(cli_help, a_mistyped_command_gets_a_suggestion)
{
    cli_fails(0, 2, "did you mean 'version'?", "verison");
}

Test(cli_help, a_word_like_no_command_points_to_the_list)
{
    cli_fails(0, 2, "bitloom --help lists them", "qqqqqqqqqqqq");
}

Test(cli_help, an_argument_too_many_is_named)
{
    cli_fails(0, 2, "unexpected argument 'surplus'", "version surplus");
}

Test(cli_help, any_number_of_ranks_says_one_error_line)
{
    for (int ranks = 1; ranks <= 4; ranks++)
        cli_fails(ranks, 2, "unknown command 'verison'", "verison");
}

Test(cli_help, an_option_error_under_ranks_is_one_line)
{
    cli_fails(3, 2, "unknown option --colour", "version --colour");
}

static void expect_once(const char *arguments, int status, const char *text)
{
    struct cli_result result;
    cli_run(&result, 3, "%s", arguments);
    cr_assert_eq(result.status, status, "%s: status %d; it said: %s", arguments, result.status, result.err);
    cr_assert_eq(result.error_lines, 0, "%s: %s", arguments, result.err);
    const char *first = strstr(result.out, text);
    cr_assert(first, "'%s' is not in: %s", text, result.out);
    cr_assert_null(strstr(first + 1, text), "%s: more than one rank says it", arguments);
    cli_free(&result);
}

Test(cli_help, a_result_is_printed_once)
{
    expect_once("version", 0, "bitloom ");
}

Test(cli_help, help_is_printed_once)
{
    expect_once("--help", 0, "usage: bitloom COMMAND");
    expect_once("-q", 2, "usage: bitloom COMMAND");
    expect_once("", 2, "usage: bitloom COMMAND");
    expect_once("info --help", 0, "usage: bitloom info");
    expect_once("train --help", 0, "usage: bitloom train");
}

Test(cli_help, a_usage_error_of_any_command_is_one_line)
{
    static const char *const commands[] = {"train", "check", "import", "encode", "info", "search"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct cli_result result;
        cli_run(&result, 3, "%s", commands[i]);
        cli_expect_error(&result, 2, commands[i]);
        cr_assert_str_eq(result.out, "");
        cli_free(&result);
    }
}

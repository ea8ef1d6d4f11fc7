#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cli.h"

/* What the program says of itself and its commands. Manual pages and completion: tests/layers/pages. */
enum { LINE_MAX_BYTES = 80 };

static void expect_same(const char *one, const char *other)
{
    struct cli_result first, second;
    cli_run(&first, 0, "%s", one);
    cli_expect_success(&first);
    cli_run(&second, 0, "%s", other);
    cli_expect_success(&second);
    cr_assert_str_eq(first.out, second.out);
    cli_free(&first);
    cli_free(&second);
}

Test(cli_pages, version_is_one_line)
{
    struct cli_result result;
    cli_run(&result, 0, "--version");
    cli_expect_success(&result);
    cr_assert_str_eq(result.out, "bitloom " BITLOOM_VERSION "\n");
    cli_free(&result);
}

Test(cli_pages, version_is_printed_once_by_ranks)
{
    struct cli_result result;
    cli_run(&result, 3, "--version");
    cli_expect_success(&result);
    cr_assert_str_eq(result.out, "bitloom " BITLOOM_VERSION "\n");
    cli_free(&result);
}

Test(cli_pages, a_capital_v_names_compiler_and_libraries)
{
    static const char *const names[] = {"OpenBLAS kernel ", "\n  compiler ", "\n  MPI ",
                                        "\n  HDF5 ",        "\n  BLAS ",     "\n  licence "};
    struct cli_result result;
    cli_run(&result, 0, "-V");
    cli_expect_success(&result);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_assert(strstr(result.out, names[i]), "'%s' is not in: %s", names[i], result.out);
    cli_free(&result);
    expect_same("-V", "version");
}

/* Login nodes often can't start it. */
Test(cli_pages, libraries_are_named_without_starting_mpi)
{
    setenv("OMPI_MCA_pml", "none", 1);
    struct cli_result result;
    cli_run(&result, 0, "-V");
    unsetenv("OMPI_MCA_pml");
    cli_expect_success(&result);
    cli_free(&result);
}

Test(cli_pages, help_before_or_behind_a_command_is_the_same)
{
    expect_same("help", "--help");
    expect_same("help train", "train --help");
    expect_same("help help", "help -h");
}

Test(cli_pages, help_for_no_command_suggests_one)
{
    cli_fails(0, 2, "unknown command 'trian'; did you mean 'train'?", "help trian");
    cli_fails(0, 2, "help --bash is for all commands at once; leave out train", "help --bash train");
}

Test(cli_pages, what_is_gone_is_refused)
{
    cli_fails(0, 2, "unknown option -v", "info -v x");
    cli_fails(0, 2, "unknown option --verbose", "info --verbose x");
}

static void expect_narrow(const char *command)
{
    struct cli_result result;
    cli_run(&result, 0, "help %s", command);
    cli_expect_success(&result);
    cr_expect(strstr(result.out, "\n  -q, --quiet "), "%s doesn't list -q", command);
    for (char *line = strtok(result.out, "\n"); line; line = strtok(NULL, "\n"))
        cr_expect_leq(strlen(line), LINE_MAX_BYTES, "%s: '%s'", command, line);
    cli_free(&result);
}

Test(cli_pages, no_line_of_a_page_is_wider_than_80_columns)
{
    static const char *const commands[] = {"",       "init",     "import", "cut",        "check",  "train",
                                           "encode", "evaluate", "search", "neighbours", "report", "baseline",
                                           "info",   "slurm",    "help",   "version"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        expect_narrow(commands[i]);
}

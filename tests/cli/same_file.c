#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/tiny.h"

/* Codes against themselves leave out each item itself, by whatever path they are named. */
static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_same_file, .init = enter, .fini = leave);

static double map_of(int ranks, const char *queries, const char *database)
{
    struct cli_result result;
    cli_run(&result, ranks, "evaluate --codes %s %s --json", queries, database);
    cli_expect_success(&result);
    const double map = tiny_number(result.out, "map");
    cli_free(&result);
    return map;
}

Test(cli_same_file, codes_are_recognised_by_another_path_and_by_a_link)
{
    char model[TINY_PATH_MAX], codes[TINY_PATH_MAX], by_dot[TINY_PATH_MAX], linked[TINY_PATH_MAX];
    char symbolic[TINY_PATH_MAX], copied[TINY_PATH_MAX];
    tiny_path(&tiny, "model.h5", model);
    tiny_path(&tiny, "a.h5", codes);
    tiny_path(&tiny, "./a.h5", by_dot);
    tiny_path(&tiny, "linked.h5", linked);
    tiny_path(&tiny, "symbolic.h5", symbolic);
    tiny_path(&tiny, "copied.h5", copied);
    cli_succeeds(0, "baseline lsh %s --bits 12 -o %s", tiny.data, model);
    cli_succeeds(0, "encode %s %s --split test -o %s", model, tiny.data, codes);
    cr_assert(link(codes, linked) == 0 && symlink(codes, symbolic) == 0);
    int64_t n;
    char *bytes = tiny_read(codes, &n);
    tiny_write(copied, bytes, n);
    free(bytes);
    const double alone = map_of(0, codes, codes);
    cr_assert_lt(alone, map_of(0, codes, copied)); /* there each item finds itself */
    cr_assert_eq(map_of(0, codes, by_dot), alone);
    cr_assert_eq(map_of(0, linked, codes), alone);
    cr_assert_eq(map_of(2, codes, symbolic), alone);
}

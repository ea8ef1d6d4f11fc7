#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    cli_succeeds(0, "baseline lsh %s --bits 12 -o %s --force", tiny.data, model);
    cli_succeeds(0, "encode %s %s --split test -o %s --force", model, tiny.data, codes);
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

/* Encodes the rows of the test split with these names of classes. */
static void encode_named(const char *model, const char *names, const char *data_name, const char *codes)
{
    char x[TINY_PATH_MAX], y[TINY_PATH_MAX], data[TINY_PATH_MAX];
    tiny_path(&tiny, "x.npy", x);
    tiny_path(&tiny, "y.npy", y);
    tiny_path(&tiny, data_name, data);
    cli_succeeds(0, "import --format npy --features %s --labels %s --class-names %s --split test -o %s", x, y,
                 names, data);
    cli_succeeds(0, "encode %s %s --split test -o %s --force", model, data, codes);
}

/* Lines of `search CODES CODES -k ROWS MORE`, whose distance must be at most `most`; how many are within `radius`. */
static int count_lines(const char *codes, const char *more, int most, int radius)
{
    struct cli_result result;
    int within = 0, distance;
    cli_run(&result, 0, "search %s %s -k %d %s", codes, codes, TINY_TEST, more);
    cli_expect_success(&result);
    /* Behind the names of the columns. */
    for (const char *line = strchr(result.out, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        cr_assert_eq(sscanf(line, "%*d\t%*d\t%*d\t%d\t", &distance), 1, "%.80s", line);
        cr_assert_leq(distance, most);
        within += distance <= radius;
    }
    cli_free(&result);
    return within;
}

Test(cli_same_file, codes_are_compared_with_those_of_the_same_classes_and_as_near_as_asked_for)
{
    char model[TINY_PATH_MAX], codes[TINY_PATH_MAX], others[TINY_PATH_MAX];
    struct cli_result result;
    tiny_path(&tiny, "model.h5", model);
    tiny_path(&tiny, "codes.h5", codes);
    tiny_path(&tiny, "others.h5", others);
    cli_succeeds(0, "baseline lsh %s --bits 12 -o %s --force", tiny.data, model);
    encode_named(model, "a,b,c,d", "named.h5", codes);
    encode_named(model, "a,b,x,d", "renamed.h5", others);
    cli_fails(0, 3, "class 2 is 'c' in", "evaluate --codes %s %s", codes, others);
    cli_run(&result, 0, "evaluate --codes %s %s --json --at 100", codes, codes);
    cli_expect_success(&result);
    cr_assert_eq(tiny_number(result.out, "map_r"), TINY_TEST - 1);
    cr_assert(strstr(result.out, "\"map_at\":[{\"r\":63,"), "%s", result.out);
    cr_assert(strstr(result.out, "\"self_pairs_excluded\":true"), "%s", result.out);
    cli_free(&result);
    const int all = count_lines(codes, "", 12, 12), near = count_lines(codes, "--radius 2", 2, 2);
    cr_assert_eq(all, TINY_TEST * TINY_TEST);
    cr_assert(near >= TINY_TEST && near < all && near == count_lines(codes, "", 12, 2), "%d of %d", near,
              all);
}

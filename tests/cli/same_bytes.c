#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/tiny.h"

/* What is equal is equal byte for byte, whenever it was made and by however many ranks. */

static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_same_bytes, .init = enter, .fini = leave);

/* HDF5's times count whole seconds: within one of them two makings can't be told apart. */
static void wait_for_the_next_second(void)
{
    const double start = bl_clock_seconds();
    while (bl_clock_seconds() < start + 1.0)
        usleep(50000);
}

static void expect_same(const char *a, const char *b)
{
    int64_t n_a, n_b;
    char *of_a = tiny_read(a, &n_a), *of_b = tiny_read(b, &n_b);
    cr_assert_eq(n_a, n_b, "%s and %s differ in length", a, b);
    for (int64_t i = 0; i < n_a; i++)
        cr_assert_eq(of_a[i], of_b[i], "%s and %s differ in byte %lld", a, b, (long long)i);
    free(of_a);
    free(of_b);
}

static void train(const char *name, char model[TINY_PATH_MAX])
{
    char run[TINY_PATH_MAX];
    struct cli_result result;
    tiny_path(&tiny, name, run);
    cli_run(&result, 2, "train %s --run %s", tiny.config, run);
    cli_expect_success(&result);
    cli_free(&result);
    cr_assert_lt(snprintf(model, TINY_PATH_MAX, "%s/model.h5", run), TINY_PATH_MAX);
}

Test(cli_same_bytes, two_trainings_of_one_configuration_give_one_model)
{
    char first[TINY_PATH_MAX], second[TINY_PATH_MAX];
    train("first", first);
    wait_for_the_next_second();
    train("second", second);
    expect_same(first, second);
}

Test(cli_same_bytes, a_model_does_not_tell_how_many_ranks_wrote_it)
{
    char model[TINY_PATH_MAX + 64], alone[TINY_PATH_MAX + 64] = "";
    for (int ranks = 1; ranks <= 3; ranks++) {
        char name[32], run[TINY_PATH_MAX];
        snprintf(name, sizeof name, "run%d", ranks);
        tiny_path(&tiny, name, run);
        tiny_train_well(&tiny, ranks, run, "--set train.epochs=1 --set checkpoint.alignment=1");
        snprintf(model, sizeof model, "%s/model.h5", run);
        if (ranks == 1)
            memcpy(alone, model, sizeof alone);
        else
            expect_same(alone, model);
        wait_for_the_next_second();
    }
}

Test(cli_same_bytes, codes_do_not_tell_how_many_ranks_wrote_them)
{
    char model[TINY_PATH_MAX], codes[TINY_PATH_MAX], alone[TINY_PATH_MAX] = "";
    struct cli_result result;
    tiny_path(&tiny, "model.h5", model);
    cli_run(&result, 0, "baseline lsh %s --bits 20 -o %s --force", tiny.data, model);
    cli_expect_success(&result);
    cli_free(&result);
    for (int ranks = 1; ranks <= 3; ranks++) {
        char name[32];
        snprintf(name, sizeof name, "codes%d.h5", ranks);
        tiny_path(&tiny, name, codes);
        cli_run(&result, ranks, "encode %s %s --split train -o %s --force", model, tiny.data, codes);
        cli_expect_success(&result);
        cli_free(&result);
        if (ranks == 1)
            memcpy(alone, codes, sizeof alone);
        else
            expect_same(alone, codes);
        wait_for_the_next_second();
    }
}

Test(cli_same_bytes, a_data_set_does_not_tell_when_it_was_imported)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    char again[TINY_PATH_MAX];
    tiny_path(&tiny, "again.h5", again);
    wait_for_the_next_second();
    tiny_rows(TINY_TRAIN, 1, features, labels);
    tiny_import(&tiny, again, "train", TINY_TRAIN, features, labels);
    tiny_rows(TINY_TEST, 2, features, labels);
    tiny_import(&tiny, again, "test", TINY_TEST, features, labels);
    expect_same(tiny.data, again);
}

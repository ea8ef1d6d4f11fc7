#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/model_file.h"
#include "support/background.h"
#include "support/folder.h"
#include "support/tiny.h"

/* Runs of 220 steps with a checkpoint every 5. */
#define LONG_RUN "--set train.epochs=20 --set checkpoint.every_steps=5"

static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_resume, .init = enter, .fini = leave);

static void train(struct cli_result *result, int ranks, const char *run, const char *more)
{
    cli_run(result, ranks, "train %s --run %s %s", tiny.config, run, more);
}

static void train_well(int ranks, const char *run, const char *more)
{
    struct cli_result result;
    train(&result, ranks, run, more);
    cli_expect_success(&result);
    cli_free(&result);
}

static void train_badly(int ranks, const char *more, int status, const char *text)
{
    struct cli_result result;
    train(&result, ranks, tiny.run, more);
    cli_expect_error(&result, status, text);
    cli_free(&result);
}

static int has_checkpoints(const void *context)
{
    (void)context;
    return tiny_checkpoints(tiny.run, NULL) >= 2;
}

static void start_long_run(struct background *job, int ranks)
{
    background_start(job, ranks, "train %s --run %s " LONG_RUN, tiny.config, tiny.run);
    background_until(job, has_checkpoints, NULL);
}

static void kill_in_the_middle(int ranks)
{
    struct background job;
    struct cli_result result;
    char model[TINY_PATH_MAX + 32];
    start_long_run(&job, ranks);
    background_signal(&job, -1, SIGKILL);
    background_wait(&job, &result);
    cr_assert_neq(result.status, 0, "it finished before it was killed");
    cli_free(&result);
    snprintf(model, sizeof model, "%s/model.h5", tiny.run);
    remove(model);
}

static void read_model(const char *run, struct bl_model *model)
{
    char path[TINY_PATH_MAX + 32];
    struct bl_error err = {0};
    snprintf(path, sizeof path, "%s/model.h5", run);
    cr_assert_eq(par_model_read(par_alone(), path, model, &err), BL_OK, "%s", err.what);
}

static void expect_same_model(const char *one, const char *other)
{
    struct bl_model a = {0}, b = {0};
    read_model(one, &a);
    read_model(other, &b);
    cr_assert_eq(a.layout.n_params, b.layout.n_params);
    cr_assert_eq(memcmp(a.params, b.params, (size_t)a.layout.n_params * sizeof(float)), 0,
                 "other parameters");
    cr_assert_eq(memcmp(a.normalizer.mean, b.normalizer.mean, TINY_DIM * sizeof(double)), 0);
    cr_assert_eq(memcmp(a.normalizer.scale, b.normalizer.scale, TINY_DIM * sizeof(double)), 0);
    bl_model_free(&a);
    bl_model_free(&b);
}

Test(cli_resume, a_killed_run_continues_to_the_same_bits)
{
    char whole[TINY_PATH_MAX];
    tiny_path(&tiny, "whole", whole);
    for (int ranks = 1; ranks <= 3; ranks++) {
        char more[300];
        snprintf(more, sizeof more, LONG_RUN " %s", ranks > 1 ? "--fresh" : "");
        train_well(ranks, whole, more);
        kill_in_the_middle(ranks);
        train_well(ranks, tiny.run, LONG_RUN);
        expect_same_model(tiny.run, whole);
        folder_remove(tiny.run);
    }
}

/* The numbers of step events, in order and without a gap or repetition. */
static void expect_every_step_once(const char *run, int every, int last)
{
    char path[TINY_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/metrics.jsonl", run);
    char *text = tiny_read(path, NULL);
    int step = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, "\"event\": \"step\"") || strstr(line, "\"event\":\"step\"")) {
            const char *at = strstr(line, "\"step\":");
            cr_assert(at, "%s", line);
            cr_assert_eq(atoi(at + 7), step += every, "after step %d: %s", step - every, line);
        }
    cr_assert_eq(step, last);
    free(text);
}

Test(cli_resume, the_metrics_hold_every_step_once)
{
    kill_in_the_middle(2);
    train_well(2, tiny.run, LONG_RUN);
    expect_every_step_once(tiny.run, 10, 220);
}

Test(cli_resume, a_run_moves_to_other_numbers_of_ranks)
{
    static const int moves[][2] = {{4, 1}, {1, 3}, {3, 2}};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        kill_in_the_middle(moves[i][0]);
        struct cli_result result;
        train(&result, moves[i][1], tiny.run, LONG_RUN);
        cli_expect_success(&result);
        cr_assert(strstr(result.err, "continuing"), "%s", result.err);
        cli_free(&result);
        folder_remove(tiny.run);
    }
}

Test(cli_resume, a_damaged_checkpoint_is_passed_over_with_a_warning)
{
    char newest[TINY_PATH_MAX], whole[TINY_PATH_MAX];
    struct cli_result result;
    tiny_path(&tiny, "whole", whole);
    train_well(2, whole, LONG_RUN);
    train_well(2, tiny.run, LONG_RUN);
    tiny_checkpoints(tiny.run, newest);
    tiny_flip_byte(newest, 3000);
    train(&result, 2, tiny.run, LONG_RUN);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "step-00000220.h5"), "%s", result.err);
    cr_assert(strstr(result.err, "older checkpoint"), "%s", result.err);
    cr_assert(strstr(result.err, "from step 215"), "%s", result.err);
    cli_free(&result);
    expect_same_model(tiny.run, whole);
}

static void damage_all(void)
{
    char path[TINY_PATH_MAX + 64];
    for (int step = 5; step <= 220; step += 5) {
        snprintf(path, sizeof path, "%s/checkpoints/step-%08d.h5", tiny.run, step);
        if (tiny_exists(path))
            tiny_flip_byte(path, 3000);
    }
}

Test(cli_resume, no_good_checkpoint_is_an_error_and_nothing_is_lost)
{
    train_well(1, tiny.run, LONG_RUN);
    damage_all();
    for (int ranks = 1; ranks <= 3; ranks++)
        train_badly(ranks, LONG_RUN, 3, "--fresh");
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 3);
    train_well(1, tiny.run, "--fresh");
}

Test(cli_resume, a_changed_key_is_named)
{
    train_well(1, tiny.run, "--set train.epochs=1");
    for (int ranks = 1; ranks <= 3; ranks += 2)
        train_badly(ranks, "--set train.epochs=1 --set model.bits=4", 2, "model.bits");
    train_badly(1, "--set train.epochs=1 --set optimizer.lr=0.5", 2, "optimizer.lr");
}

Test(cli_resume, more_epochs_are_accepted)
{
    struct cli_result result;
    train_well(2, tiny.run, "--set train.epochs=1");
    train(&result, 2, tiny.run, "--set train.epochs=3");
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "from step 11 of 33"), "%s", result.err);
    cli_free(&result);
}

Test(cli_resume, other_data_are_refused)
{
    static float features[TINY_TRAIN * TINY_DIM];
    static int32_t labels[TINY_TRAIN];
    train_well(1, tiny.run, "--set train.epochs=1");
    remove(tiny.data);
    tiny_rows(TINY_TRAIN, 7, features, labels);
    tiny_import(&tiny, tiny.data, "train", TINY_TRAIN, features, labels);
    for (int ranks = 1; ranks <= 3; ranks++)
        train_badly(ranks, "--set train.epochs=1", 2, "other data");
}

Test(cli_resume, fresh_starts_over)
{
    struct cli_result result;
    train_well(1, tiny.run, "--set train.epochs=2");
    train(&result, 1, tiny.run, "--set train.epochs=1 --set model.bits=4 --fresh");
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "new run"), "%s", result.err);
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 1);
    cli_free(&result);
}

Test(cli_resume, init_starts_from_a_model)
{
    char whole[TINY_PATH_MAX], more[TINY_PATH_MAX + 100];
    struct cli_result result;
    tiny_path(&tiny, "whole", whole);
    train_well(1, whole, "");
    snprintf(more, sizeof more, "--init %s/model.h5 --set train.epochs=1", whole);
    train(&result, 2, tiny.run, more);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "starting from"), "%s", result.err);
    cli_free(&result);
    train_badly(2, more, 2, "--fresh");
    snprintf(more, sizeof more, "--init %s/model.h5 --fresh --set model.bits=4", whole);
    train_badly(2, more, 2, "--init");
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 1, "a refused start removed the run");
}

static int has_step_events(const void *context)
{
    char path[TINY_PATH_MAX + 32];
    (void)context;
    snprintf(path, sizeof path, "%s/metrics.jsonl", tiny.run);
    if (!tiny_exists(path))
        return 0;
    char *text = tiny_read(path, NULL);
    int found = strstr(text, "\"epoch\"") != NULL;
    free(text);
    return found;
}

static int has_a_checkpoint(const void *context)
{
    (void)context;
    return tiny_checkpoints(tiny.run, NULL) >= 1;
}

Test(cli_resume, usr1_writes_a_checkpoint_and_the_run_goes_on)
{
    struct background job;
    struct cli_result result;
    background_start(&job, 3, "train %s --run %s --set train.epochs=1000000", tiny.config, tiny.run);
    background_until(&job, has_step_events, NULL);
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 0);
    background_signal(&job, 1, SIGUSR1);
    background_until(&job, has_a_checkpoint, NULL);
    background_signal(&job, 2, SIGUSR2);
    background_wait(&job, &result);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cr_assert_eq(result.error_lines, 0, "%s", result.err);
    cr_assert_eq(tiny_checkpoints(tiny.run, NULL), 2);
    cli_free(&result);
}

Test(cli_resume, usr2_and_term_stop_with_75_and_the_run_continues)
{
    static const int signals[] = {SIGUSR2, SIGTERM};
    char whole[TINY_PATH_MAX];
    tiny_path(&tiny, "whole", whole);
    train_well(2, whole, LONG_RUN);
    for (int i = 0; i < 2; i++) {
        struct background job;
        struct cli_result result;
        start_long_run(&job, 2);
        background_signal(&job, i, signals[i]);
        background_wait(&job, &result);
        cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
        cr_assert_eq(result.error_lines, 0, "%s", result.err);
        cli_free(&result);
        train_well(2, tiny.run, LONG_RUN);
        expect_same_model(tiny.run, whole);
        folder_remove(tiny.run);
    }
}

Test(cli_resume, a_run_folder_in_use_is_refused)
{
    struct background job;
    struct cli_result result;
    background_start(&job, 1, "train %s --run %s --set train.epochs=1000000", tiny.config, tiny.run);
    background_until(&job, has_step_events, NULL);
    for (int ranks = 1; ranks <= 3; ranks += 2)
        train_badly(ranks, "", 2, "in use by process");
    background_signal(&job, 0, SIGUSR2);
    background_wait(&job, &result);
    cr_assert_eq(result.status, 75, "status %d: %s", result.status, result.err);
    cli_free(&result);
}

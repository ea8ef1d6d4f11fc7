/* When a run ends, stops and writes, in this process. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "mpi/files/model.h"
#include "support/own_run.h"

TestSuite(ends, .init = own_run_enter, .fini = own_run_leave);

/* A rate that moves no parameter, so that no evaluation is better than the first. */
#define STILL "optimizer.lr=1e-30;optimizer.weight_decay=0;"

static int64_t last_step(const char *name)
{
    json_t *event = own_run_event(name, NULL, -1);
    const int64_t step = (int64_t)own_run_number(event, "step");
    json_decref(event);
    return step;
}

static int has_file(const char *name, const char *file)
{
    char path[2 * OWN_RUN_PATH];
    own_run_path(name, file, path);
    return access(path, F_OK) == 0;
}

Test(ends, an_early_stop_comes_at_the_evaluation_that_is_the_last_allowed)
{
    cr_assert_eq(own_run_train("run", STILL "evaluate.early_stop=2;train.epochs=9"), BL_OK);
    cr_assert_eq(own_run_events("run", "evaluation"), 3);
    cr_assert_eq(last_step("run"), 3 * OWN_RUN_PER_EPOCH);
    cr_assert(own_run_log_has("run", "stopping early: 2 evaluations without a better mAP"));
}

Test(ends, bad_evaluations_before_and_after_a_stop_count_together)
{
    for (int64_t stop = 1; stop <= 3; stop++) {
        char name[16];
        snprintf(name, sizeof name, "run%d", (int)stop);
        own_run_deadline.stop_at = stop * OWN_RUN_PER_EPOCH;
        cr_assert_eq(own_run_train(name, STILL "evaluate.early_stop=3;train.epochs=9"), BL_STOPPED);
        own_run_deadline.stop_at = -1;
        cr_assert_eq(own_run_train(name, STILL "evaluate.early_stop=3;train.epochs=9"), BL_OK);
        cr_assert_eq(last_step(name), 4 * OWN_RUN_PER_EPOCH, "stopped after epoch %d", (int)stop);
    }
}

Test(ends, a_run_that_is_over_says_what_to_raise)
{
    static const char *const ends[][2] = {
        {STILL "evaluate.early_stop=1;train.epochs=3", "raise evaluate.early_stop to go on"},
        {STILL "train.settle=0.5;train.settle_epochs=1;train.epochs=3", "raise train.settle_epochs to go on"},
        {"train.epochs=1", "raise train.epochs to go on"}};
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "run%d", i);
        cr_assert_eq(own_run_train(name, ends[i][0]), BL_OK);
        const int64_t step = last_step(name);
        cr_assert_not(own_run_log_has(name, "finished already"));
        cr_assert_eq(own_run_train(name, ends[i][0]), BL_OK);
        cr_assert(own_run_log_has(name, ends[i][1]), "%s", ends[i][0]);
        cr_assert_eq(last_step(name), step);
    }
}

Test(ends, a_better_evaluation_begins_the_count_anew)
{
    cr_assert_eq(own_run_train("run", "evaluate.early_stop=2;train.epochs=12"), BL_OK);
    const int n = own_run_events("run", "evaluation");
    double best = -1.0;
    int since = 0;
    for (int i = 0; i < n; i++) {
        json_t *event = own_run_event("run", "evaluation", i);
        const double map = own_run_number(event, "map");
        cr_assert_lt(since, 2, "it went on after two evaluations without a better mAP");
        cr_assert_eq(json_is_true(json_object_get(event, "best")), map > best);
        since = map > best ? 0 : since + 1;
        best = map > best ? map : best;
        json_decref(event);
    }
    cr_assert(since == 2 || n == 12, "%d evaluations, %d without a better one", n, since);
}

/* By definition: each of the last `epochs` epochs changed the mean objective by less than its share of it. */
static int settles_with(const double *objective, int at, double share, int epochs)
{
    int n = 0;
    for (int e = at; e > 0 && n < epochs; e--, n++)
        if (!(fabs(objective[e] - objective[e - 1]) < share * fabs(objective[e - 1])))
            return 0;
    return n == epochs;
}

Test(ends, a_run_settles_by_the_changes_of_its_epochs_and_not_while_it_falls_fast)
{
    enum { EPOCHS = 40 };
    double objective[EPOCHS];
    for (int stopped = 0; stopped < 2; stopped++) {
        const char *name = stopped ? "stopped" : "whole";
        if (stopped) {
            own_run_deadline.stop_at = 5 * OWN_RUN_PER_EPOCH / 2;
            cr_assert_eq(own_run_train(name, "train.settle=0.05;train.settle_epochs=2;train.epochs=40"),
                         BL_STOPPED);
            own_run_deadline.stop_at = -1;
        }
        cr_assert_eq(own_run_train(name, "train.settle=0.05;train.settle_epochs=2;train.epochs=40"), BL_OK);
        const int n = own_run_events(name, "epoch");
        for (int e = 0; e < n; e++) {
            json_t *event = own_run_event(name, "epoch", e);
            objective[e] = own_run_number(event, "loss");
            json_decref(event);
            cr_assert_eq(settles_with(objective, e, 0.05, 2), e == n - 1, "epoch %d of %d", e + 1, n);
        }
        cr_assert(n > 3 && n < EPOCHS, "%d epochs show nothing", n);
        cr_assert_gt(objective[0] - objective[1], 0.05 * objective[0], "it doesn't fall fast at first");
        cr_assert(own_run_log_has(name, "the objective has settled: it changed by less than 0.05 of itself"));
    }
}

/* Where an evaluation comes within two steps the deadline must leave time for it. */
static void expect_near(const char *sets, int64_t every, int64_t total)
{
    static int run;
    char name[16];
    snprintf(name, sizeof name, "near%d", run++);
    cr_assert_eq(own_run_train(name, sets), BL_OK);
    cr_assert_eq(own_run_deadline.calls, total);
    for (int64_t step = 0; step < total; step++) {
        const int64_t left = every > 0 ? every - step % every : total, to_end = total - step;
        cr_assert_eq(own_run_deadline.near[step], every >= 0 && (left <= 2 || to_end <= 2), "%s, step %d",
                     sets, (int)step);
    }
}

Test(ends, the_deadline_knows_which_steps_have_an_evaluation_near)
{
    expect_near("train.epochs=3", OWN_RUN_PER_EPOCH, 3 * OWN_RUN_PER_EPOCH);
    expect_near("train.steps=17", OWN_RUN_PER_EPOCH, 17);
    expect_near("train.epochs=3;evaluate.every_epochs=2", 2 * OWN_RUN_PER_EPOCH, 3 * OWN_RUN_PER_EPOCH);
    expect_near("train.steps=15;evaluate.every_epochs=0", -1, 15);
    expect_near("train.steps=3;train.global_batch=full", 1, 3);
}

Test(ends, a_run_that_stops_after_an_evaluation_leaves_the_model_of_that_step)
{
    char path[2 * OWN_RUN_PATH];
    struct bl_model stopped = {0}, whole = {0};
    struct bl_error err = {0};
    own_run_deadline.stop_at = OWN_RUN_PER_EPOCH + 3;
    cr_assert_eq(own_run_train("stopped", "train.epochs=9"), BL_STOPPED);
    cr_assert(own_run_log_has("stopped", "stopped before the time limit at step 15 of 99"));
    own_run_deadline.stop_at = -1;
    cr_assert_eq(own_run_train("whole", "train.epochs=1"), BL_OK);
    own_run_path("stopped", "model.h5", path);
    cr_assert_eq(par_model_read(par_alone(), path, &stopped, &err), BL_OK, "%s", err.what);
    own_run_path("whole", "model.h5", path);
    cr_assert_eq(par_model_read(par_alone(), path, &whole, &err), BL_OK, "%s", err.what);
    cr_assert_eq(memcmp(stopped.params, whole.params, (size_t)whole.layout.n_params * sizeof(float)), 0);
    bl_model_free(&stopped);
    bl_model_free(&whole);
}

static void read_model(const char *name, struct bl_model *model)
{
    char path[2 * OWN_RUN_PATH];
    struct bl_error err = {0};
    own_run_path(name, "model.h5", path);
    cr_assert_eq(par_model_read(par_alone(), path, model, &err), BL_OK, "%s", err.what);
}

/* At this rate a later evaluation is worse than the best, whose model is that of a run of as many steps. */
Test(ends, the_model_is_that_of_the_best_evaluation_and_not_of_the_last)
{
    struct bl_model whole = {0}, best = {0}, last = {0};
    char sets[100];
    int64_t step = 0, end = 0;
    cr_assert_eq(own_run_train("whole", "train.epochs=8;optimizer.lr=0.3"), BL_OK);
    for (int i = 0; i < own_run_events("whole", "evaluation"); i++) {
        json_t *event = own_run_event("whole", "evaluation", i);
        end = (int64_t)own_run_number(event, "step");
        step = json_is_true(json_object_get(event, "best")) ? end : step;
        json_decref(event);
    }
    cr_assert(step > 0 && step < end, "the best is at %d of %d: this shows nothing", (int)step, (int)end);
    snprintf(sets, sizeof sets, "train.steps=%d;optimizer.lr=0.3", (int)step);
    cr_assert_eq(own_run_train("best", sets), BL_OK);
    cr_assert_eq(own_run_train("last", "train.epochs=8;optimizer.lr=0.3;evaluate.every_epochs=0"), BL_OK);
    read_model("whole", &whole);
    read_model("best", &best);
    read_model("last", &last);
    const size_t bytes = (size_t)whole.layout.n_params * sizeof(float);
    cr_assert_eq(memcmp(whole.params, best.params, bytes), 0);
    cr_assert_neq(memcmp(whole.params, last.params, bytes), 0);
    bl_model_free(&whole);
    bl_model_free(&best);
    bl_model_free(&last);
}

/* The text behind the last mark in the run's log. */
static void last_after(const char *name, const char *mark, char text[32])
{
    char *log = own_run_log(name), *found = NULL;
    for (char *at = log; (at = strstr(at, mark)); at += strlen(mark))
        found = at + strlen(mark);
    cr_assert(found, "no %s", mark);
    snprintf(text, 32, "%.16s", found);
    free(log);
}

Test(ends, without_evaluations_the_model_has_the_parameters_of_the_last_checkpoint)
{
    char model[32], checkpoint[32];
    cr_assert_eq(own_run_train("run", "train.steps=5;evaluate.every_epochs=0"), BL_OK);
    last_after("run", "model.h5  digest ", model);
    last_after("run", "step-00000005.h5  digest ", checkpoint);
    cr_assert_str_eq(model, checkpoint);
}

Test(ends, the_last_step_is_evaluated_also_within_an_epoch)
{
    cr_assert_eq(own_run_train("run", "train.steps=15;checkpoint.every_steps=5"), BL_OK);
    cr_assert_eq(own_run_events("run", "evaluation"), 2);
    cr_assert_eq(own_run_events("run", "checkpoint"),
                 3); /* the last one holds the evaluation: no other follows */
    json_t *event = own_run_event("run", "evaluation", 1);
    cr_assert_eq(own_run_number(event, "step"), 15);
    json_decref(event);
}

/* The run stops with the last step of an epoch, whose evaluation is in the checkpoint. */
Test(ends, a_run_that_stops_at_an_epochs_end_keeps_its_evaluation)
{
    own_run_deadline.stop_at = OWN_RUN_PER_EPOCH - 1;
    cr_assert_eq(own_run_train("run", "train.epochs=2"), BL_STOPPED);
    own_run_deadline.stop_at = -1;
    cr_assert_eq(own_run_train("run", "train.epochs=2"), BL_OK);
    cr_assert_eq(own_run_events("run", "evaluation"), 2);
    cr_assert_eq(own_run_events("run", "epoch"), 2);
    cr_assert_eq(own_run_events("run", "step"), 2 * OWN_RUN_PER_EPOCH);
}

static void append(const char *name, const char *file, const char *line)
{
    char path[2 * OWN_RUN_PATH];
    own_run_path(name, file, path);
    FILE *out = fopen(path, "a");
    cr_assert(out && fputs(line, out) >= 0 && fclose(out) == 0);
}

/* What a killed run wrote behind its checkpoint. */
Test(ends, curves_and_log_behind_a_checkpoint_are_cut_off_when_a_run_continues)
{
    own_run_deadline.stop_at = 3;
    cr_assert_eq(own_run_train("run", "train.steps=9;evaluate.every_epochs=0"), BL_STOPPED);
    own_run_deadline.stop_at = -1;
    append("run", "metrics.jsonl", "{\"event\":\"step\",\"step\":5,\"loss\":1.0}\n");
    append("run", "train.log", "2026-01-01 00:00:00 a line that comes again\n");
    cr_assert_eq(own_run_train("run", "train.steps=9;evaluate.every_epochs=0"), BL_OK);
    cr_assert_eq(own_run_events("run", "step"), 9);
    for (int i = 0; i < 9; i++) {
        json_t *event = own_run_event("run", "step", i);
        cr_assert_eq(own_run_number(event, "step"), i + 1);
        json_decref(event);
    }
    cr_assert_not(own_run_log_has("run", "a line that comes again"));
    cr_assert(own_run_log_has("run", "continuing "));
}

/* Its parameters and its statistics of features, on data with others; and the rows that it was trained on. */
Test(ends, a_run_from_a_model_begins_as_that_model)
{
    char path[2 * OWN_RUN_PATH];
    struct bl_model first = {0}, second = {0};
    cr_assert_eq(own_run_train("first", "train.epochs=1"), BL_OK);
    own_run_path("first", "model.h5", path);
    cr_assert_eq(own_run_train_from("second", STILL "data.train=test;train.steps=1", path, 0), BL_OK, "%s",
                 own_run_err.what);
    read_model("first", &first);
    read_model("second", &second);
    const int64_t dim = first.normalizer.dim;
    cr_assert_eq(memcmp(first.params, second.params, (size_t)first.layout.n_params * sizeof(float)), 0);
    cr_assert_eq(memcmp(first.normalizer.mean, second.normalizer.mean, (size_t)dim * sizeof(double)), 0);
    cr_assert_eq(memcmp(first.normalizer.scale, second.normalizer.scale, (size_t)dim * sizeof(double)), 0);
    cr_assert_eq(first.trained.rows, OWN_RUN_TRAIN);
    cr_assert_eq(second.trained.rows, 2 * OWN_RUN_TRAIN);
    bl_model_free(&first);
    bl_model_free(&second);
    cr_assert_eq(own_run_train_from("second", STILL "data.train=test;train.steps=2", path, 0), BL_USAGE);
    cr_assert_eq(own_run_train_from("third", "model.bits=4;train.steps=2", path, 0), BL_USAGE);
    cr_assert_eq(own_run_train_from("fourth", "data.normalize=none;train.steps=2", path, 0), BL_USAGE);
}

/* A summary is of the steps of its own start; events say how far the run is. */
Test(ends, a_summary_counts_the_steps_since_the_start)
{
    own_run_deadline.stop_at = 3;
    cr_assert_eq(own_run_train("run", "train.steps=13"), BL_STOPPED);
    json_t *stopped = own_run_event("run", "summary", -1);
    cr_assert_eq(own_run_number(stopped, "steps"), 4);
    own_run_deadline.stop_at = -1;
    cr_assert_eq(own_run_train("run", "train.steps=13"), BL_OK);
    json_t *summary = own_run_event("run", "summary", -1), *end = own_run_event("run", "end", -1);
    cr_assert_eq(own_run_number(summary, "steps"), 9);
    cr_assert_eq(own_run_number(summary, "sgemm_gflops_per_rank"), 1.0);
    cr_assert_eq(own_run_number(end, "step"), 13);
    for (int i = 0; i < 13; i++) {
        json_t *step = own_run_event("run", "step", i);
        cr_assert_float_eq(own_run_number(step, "epoch"), (i + 1.0) / OWN_RUN_PER_EPOCH, 1e-6);
        json_decref(step);
    }
    json_t *start = own_run_event("run", "continue", 0);
    cr_assert_eq(own_run_number(start, "step"), 4);
    cr_assert_eq(own_run_number(start, "steps"), 13);
    cr_assert_eq(own_run_number(start, "train_rows"), OWN_RUN_TRAIN);
    json_decref(start);
    json_decref(stopped);
    json_decref(summary);
    json_decref(end);
}

Test(ends, fresh_starts_over_and_leaves_nothing_of_the_run_before)
{
    cr_assert_eq(own_run_train("run", "train.steps=9;checkpoint.every_steps=3"), BL_OK);
    cr_assert_eq(own_run_train_from("run", "train.steps=5", NULL, 1), BL_OK);
    cr_assert_eq(own_run_events("run", "step"), 5);
    cr_assert(has_file("run", "checkpoints/step-00000005.h5") &&
              !has_file("run", "checkpoints/step-00000009.h5"));
    cr_assert_not(own_run_log_has("run", "continuing"));
}

/* A clip and a run that is stopped: the same bits, with the scales of the gradient's grid, the optimiser's moments and
 * dropout's streams. */
Test(ends, a_stopped_run_continues_to_the_same_bits)
{
    static const char sets[] =
        "objective.preset=joint;train.epochs=2;model.dropout=0.2;optimizer.clip_norm=0.1;"
        "objective.terms.pairwise.against=memory;evaluate.every_epochs=0";
    char whole[32], stopped[32];
    cr_assert_eq(own_run_train("whole", sets), BL_OK);
    last_after("whole", "model.h5  digest ", whole);
    for (int at = 1; at < 20; at += 6) {
        char name[16];
        snprintf(name, sizeof name, "run%d", at);
        own_run_deadline.stop_at = at;
        cr_assert_eq(own_run_train(name, sets), BL_STOPPED);
        own_run_deadline.stop_at = -1;
        cr_assert_eq(own_run_train(name, sets), BL_OK);
        last_after(name, "model.h5  digest ", stopped);
        cr_assert_str_eq(stopped, whole);
    }
}

Test(ends, without_evaluations_a_stopped_run_has_no_model_yet)
{
    own_run_deadline.stop_at = OWN_RUN_PER_EPOCH + 3;
    cr_assert_eq(own_run_train("run", "train.epochs=2;evaluate.every_epochs=0"), BL_STOPPED);
    cr_assert_not(has_file("run", "model.h5"));
    own_run_deadline.stop_at = -1;
    cr_assert_eq(own_run_train("run", "train.epochs=2;evaluate.every_epochs=0"), BL_OK);
    cr_assert(has_file("run", "model.h5"));
}

/* 3000 steps take some tenths of a second; a minute has 60 of them. */
Test(ends, checkpoints_by_time_come_in_minutes)
{
    char sets[] =
        "checkpoint.every_minutes=0.0002;train.steps=3000;evaluate.every_epochs=0;log.every_steps=3000";
    cr_assert_eq(own_run_train("often", sets), BL_OK);
    cr_assert_geq(own_run_events("often", "checkpoint"), 3);
    cr_assert_eq(own_run_train("never", "train.steps=100;evaluate.every_epochs=0"), BL_OK);
    cr_assert_eq(own_run_events("never", "checkpoint"), 1);
    cr_assert_eq(own_run_train("later", "checkpoint.every_minutes=1;train.steps=100;evaluate.every_epochs=0"),
                 BL_OK);
    cr_assert_eq(own_run_events("later", "checkpoint"), 1);
}

Test(ends, checkpoints_by_steps_come_at_multiples_and_at_the_end)
{
    static const double steps[] = {4, 8, 10};
    cr_assert_eq(own_run_train("run", "checkpoint.every_steps=4;checkpoint.behind=false;train.steps=10"),
                 BL_OK);
    cr_assert_eq(own_run_events("run", "checkpoint"), 3);
    for (int i = 0; i < 3; i++) {
        json_t *event = own_run_event("run", "checkpoint", i);
        cr_assert_eq(own_run_number(event, "step"), steps[i]);
        json_decref(event);
    }
}

Test(ends, seconds_of_steps_go_on_counting_when_a_run_continues)
{
    double seconds[2];
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(own_run_train("run", i == 0 ? "train.epochs=20" : "train.epochs=21"), BL_OK);
        json_t *event = own_run_event("run", "end", -1);
        seconds[i] = own_run_number(event, "train_seconds");
        json_decref(event);
    }
    cr_assert_gt(seconds[1], seconds[0]);
}

#include <criterion/criterion.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/process/phases.h"
#include "support/tiny.h"

static struct tiny tiny;

static void enter(void)
{
    tiny_init(&tiny);
}

static void leave(void)
{
    tiny_free(&tiny);
}

TestSuite(cli_train, .init = enter, .fini = leave);

static void expect_whole_run(const char *run)
{
    static const char *const files[] = {"model.h5", "config.yaml", "metrics.jsonl", "train.log"};
    char path[TINY_PATH_MAX + 32];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", run, files[i]);
        cr_assert(tiny_exists(path), "%s is missing", path);
    }
    cr_assert_gt(tiny_checkpoints(run, NULL), 0);
}

/* mAP of the test split against the train split. */
static double test_map(const char *run)
{
    struct cli_result result;
    cli_run(&result, 0, "evaluate %s/model.h5 %s --queries test --database train --json", run, tiny.data);
    cli_expect_success(&result);
    double map = tiny_number(result.out, "map");
    cli_free(&result);
    return map;
}

Test(cli_train, any_number_of_ranks_leaves_a_whole_run_that_has_learnt)
{
    for (int ranks = 1; ranks <= 4; ranks++) {
        char run[TINY_PATH_MAX];
        snprintf(run, sizeof run, "%.300s/run%d", tiny.folder, ranks);
        tiny_train_well(&tiny, ranks, run, "");
        expect_whole_run(run);
        double map = test_map(run);
        cr_assert_gt(map, 0.9, "mAP %g on %d ranks", map, ranks);
    }
}

Test(cli_train, it_needs_no_launcher)
{
    tiny_train_well(&tiny, 0, tiny.run, "");
    expect_whole_run(tiny.run);
}

#ifdef __linux__
/* This process, and what it starts, on one processor. */
static void stay_on_one_processor(void)
{
    cpu_set_t set;
    size_t p = 0;
    cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
    while (!CPU_ISSET(p, &set))
        p++;
    CPU_ZERO(&set);
    CPU_SET(p, &set);
    cr_assert_eq(sched_setaffinity(0, sizeof set, &set), 0);
}

Test(cli_train, it_says_where_ranks_run_and_warns_where_they_take_turns)
{
    struct cli_result result;
    stay_on_one_processor();
    cli_run(&result, 2, "train %s --run %s", tiny.config, tiny.run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "2 ranks on one host, 1 thread each"), "%s", result.err);
    cr_assert(strstr(result.err, "the ranks of a host have 2 threads and may use 1 processor"), "%s",
              result.err);
    cli_free(&result);
    cli_run(&result, 0, "train %s --run %s --fresh --set train.threads=2", tiny.config, tiny.run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "a rank has 2 threads and may use 1 processor"), "%s", result.err);
    cli_free(&result);
    cli_run(&result, 0, "train %s --run %s --fresh", tiny.config, tiny.run);
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "1 rank on one host, 1 thread,"), "%s", result.err);
    cr_assert_not(strstr(result.err, "may use"), "%s", result.err);
    cli_free(&result);
}
#endif

Test(cli_train, every_line_of_the_metrics_is_an_event)
{
    tiny_train_well(&tiny, 2, tiny.run, "");
    char path[TINY_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/metrics.jsonl", tiny.run);
    char *text = tiny_read(path, NULL);
    int steps = 0, epochs = 0, ends = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        const char *event = json_string_value(json_object_get(object, "event"));
        cr_assert(event, "no event: %s", line);
        steps += strcmp(event, "step") == 0;
        epochs += strcmp(event, "epoch") == 0;
        ends += strcmp(event, "end") == 0;
        json_decref(object);
    }
    cr_assert_eq(steps, 4);
    cr_assert_eq(epochs, 4);
    cr_assert_eq(ends, 1);
    free(text);
}

Test(cli_train, the_configuration_left_behind_trains_the_same_run)
{
    char config[TINY_PATH_MAX + 32];
    tiny_train_well(&tiny, 1, tiny.run, "--set optimizer.lr=0.02");
    snprintf(config, sizeof config, "%s/config.yaml", tiny.run);
    cli_succeeds(1, "train %s --set data.file=%s --run %s/again", config, tiny.data, tiny.folder);
    char *first = tiny_read(config, NULL);
    snprintf(config, sizeof config, "%.300s/again/config.yaml", tiny.folder);
    char *second = tiny_read(config, NULL);
    cr_assert(strstr(first, "0.02"));
    cr_assert(strstr(second, "0.02"));
    free(first);
    free(second);
}

Test(cli_train, a_finished_run_says_so_and_stays_finished)
{
    struct cli_result result;
    tiny_train_well(&tiny, 2, tiny.run, "");
    tiny_train(&tiny, &result, 2, tiny.run, "");
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "finished already") || strstr(result.out, "finished already"), "%s",
              result.err);
    cli_free(&result);
    expect_whole_run(tiny.run);
}

/* Steps replace each other in one line; the ordinary lines and the error come after it is cleared. */
Test(cli_train, a_terminal_sees_one_moving_line_and_a_file_none)
{
    struct cli_result result;
    for (int ranks = 0; ranks <= 2; ranks += 2) {
        cli_run_on_terminal(&result, ranks, "train %s --fresh --run %s --set log.every_steps=5", tiny.config,
                            tiny.run);
        cli_expect_success(&result);
        cr_assert(strstr(result.out, "\r\033[K\033[?7lepoch 1/4  step 5/44  "), "%d ranks: %s", ranks,
                  result.out);
        cli_free(&result);
    }
    cli_run(&result, 2, "train %s --fresh --run %s --set log.every_steps=5", tiny.config, tiny.run);
    cli_expect_success(&result);
    cr_assert_null(strchr(result.err, '\033'), "%s", result.err);
    cli_free(&result);
}

Test(cli_train, an_error_clears_the_moving_line)
{
    struct cli_result result;
    cli_run_on_terminal(
        &result, 2,
        "train %s --run %s --set log.every_steps=1 --set optimizer.lr=1e9 --set data.normalize=none",
        tiny.config, tiny.run);
    cr_assert_eq(result.status, 5, "%s", result.out);
    cr_assert(strstr(result.out, "\033[?7h\r\033[Kbitloom: error: step "), "%s", result.out);
    cli_free(&result);
}

Test(cli_train, quiet_says_only_how_the_run_ended_even_on_a_terminal)
{
    struct cli_result result;
    cli_run_on_terminal(&result, 2, "train %s --run %s -q", tiny.config, tiny.run);
    cli_expect_success(&result);
    const char *end = strstr(result.out, "finished: best validation mAP ");
    cr_assert(end && end < result.out + 12, "%s", result.out);
    cr_assert_eq(strchr(result.out, '\n')[1], '\0', "%s", result.out);
    cli_free(&result);
}

Test(cli_train, dropout_tanh_beta_and_sgd_train_too)
{
    tiny_train_well(&tiny, 3, tiny.run,
                    "--set model.dropout=0.2 --set objective.relaxation=tanh-beta --set optimizer.name=sgd "
                    "--set optimizer.weight_decay=0 --set optimizer.lr=0.1");
    expect_whole_run(tiny.run);
}

Test(cli_train, a_full_batch_is_one_step_an_epoch)
{
    struct cli_result result;
    tiny_train(&tiny, &result, 3, tiny.run, "--set train.global_batch=full");
    cli_expect_success(&result);
    cr_assert(strstr(result.err, "1 step an epoch, 4 steps in all"), "%s", result.err);
    cli_free(&result);
}

/* The account of the time */

/* Asserts that exactly one event of the run's metrics has this name; its line. json_decref() it. */
static json_t *only_event(const char *run, const char *name)
{
    char path[TINY_PATH_MAX + 32];
    json_t *found = NULL;
    snprintf(path, sizeof path, "%s/metrics.jsonl", run);
    char *text = tiny_read(path, NULL);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        if (strcmp(json_string_value(json_object_get(object, "event")), name) == 0) {
            cr_assert_null(found, "a second one: %s", line);
            found = json_incref(object);
        }
        json_decref(object);
    }
    cr_assert(found, "no event %s", name);
    free(text);
    return found;
}

static double number_in(const json_t *object, const char *key)
{
    cr_assert(json_is_number(json_object_get(object, key)), "no number %s", key);
    return json_number_value(json_object_get(object, key));
}

/* Seconds over ranks of a phase, or of some phases together. */
struct spread {
    double least, mean, most;
};

static struct spread phase_in(const json_t *summary, int phase)
{
    const char *name = phases_name((enum phase)phase);
    const json_t *numbers = json_object_get(json_object_get(summary, "phases"), name);
    cr_assert_eq(json_array_size(numbers), 3, "%s", name);
    const struct spread s = {json_number_value(json_array_get(numbers, 0)),
                             json_number_value(json_array_get(numbers, 1)),
                             json_number_value(json_array_get(numbers, 2))};
    const double digits = 1e-8 * s.most; /* a mean is rounded, and so are the numbers in the file */
    cr_assert(0.0 <= s.least && s.least <= s.mean + digits && s.mean <= s.most + digits, "%s: %g %g %g", name,
              s.least, s.mean, s.most);
    return s;
}

static struct spread sum_of_phases(const json_t *summary, int n_phases)
{
    struct spread sum = {0};
    for (int p = 0; p < n_phases; p++) {
        const struct spread s = phase_in(summary, p);
        sum = (struct spread){sum.least + s.least, sum.mean + s.mean, sum.most + s.most};
    }
    return sum;
}

static void expect_account(int ranks)
{
    enum { STEPS = 44, BATCH = 32 };
    struct cli_result result;
    tiny_train(&tiny, &result, ranks, tiny.run, "--fresh");
    cli_expect_success(&result);
    json_t *summary = only_event(tiny.run, "summary"), *end = only_event(tiny.run, "end");
    cr_assert_eq(number_in(summary, "steps"), STEPS);
    cr_assert_eq(number_in(summary, "ranks"), ranks > 0 ? ranks : 1);
    cr_assert_eq(json_object_size(json_object_get(summary, "phases")), PHASES);
    const struct spread step = sum_of_phases(summary, PHASE_UPDATE + 1);
    const struct spread all = sum_of_phases(summary, PHASES);
    cr_assert_float_eq(number_in(summary, "rows_per_s") * step.mean, STEPS * BATCH, 1e-5 * STEPS * BATCH);
    /* No rank's account is longer than the command, and rank 0's holds its steps. */
    cr_assert_leq(all.least, result.seconds);
    cr_assert_leq(step.least, number_in(end, "train_seconds"));
    cr_assert_geq(all.most, number_in(end, "train_seconds"));
    cr_assert_gt(phase_in(summary, PHASE_EVALUATION).least, 0.0);
    cr_assert_gt(phase_in(summary, PHASE_CHECKPOINT).least, 0.0);
    json_decref(summary);
    json_decref(end);
    cli_free(&result);
}

Test(cli_train, the_summary_accounts_for_every_step_and_its_time)
{
    expect_account(0);
    expect_account(3);
}

static void expect_in(const char *run, const char *file, const char *text)
{
    char path[TINY_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", run, file);
    char *content = tiny_read(path, NULL);
    cr_assert(strstr(content, text), "no %s in %s", text, path);
    free(content);
}

Test(cli_train, a_validation_map_carries_its_protocol)
{
    char run[TINY_PATH_MAX], more[TINY_PATH_MAX + 64];
    tiny_train_well(&tiny, 2, tiny.run, "--set train.epochs=1");
    const char *queries = "queries: 19 rows held out of split train (data.validation 0.05, seed 0)";
    expect_in(tiny.run, "train.log",
              "validation mAP: of the 19 rows held out against the 365 others, relevant: same class");
    expect_in(tiny.run, "metrics.jsonl", queries);
    expect_in(tiny.run, "metrics.jsonl", "\"protocol_name\":\"validation\"");
    expect_in(tiny.run, "metrics.jsonl", "\"training_rows_in_database\":\"yes\"");
    expect_in(tiny.run, "metrics.jsonl", "\"training_rows_in_queries\":\"no\"");
    expect_in(tiny.run, "metrics.jsonl", "\"map_r\":365");
    tiny_path(&tiny, "second", run);
    snprintf(more, sizeof more, "--set train.epochs=1 --init %s/model.h5", tiny.run);
    tiny_train_well(&tiny, 1, run, more);
    expect_in(run, "metrics.jsonl", "\"training_rows_in_queries\":\"unknown\"");
}

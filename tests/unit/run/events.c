/* What a run says of its steps and epochs, in this process. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "optim/schedule.h"
#include "support/own_run.h"

TestSuite(events, .init = own_run_enter, .fini = own_run_leave);

/* A rate that moves no parameter. */
#define STILL "optimizer.lr=1e-30;optimizer.weight_decay=0;"

static void expect_sum_of_terms(const json_t *event, const struct bl_config_objective *objective)
{
    const json_t *terms = json_object_get(event, "terms");
    cr_assert_eq(json_object_size(terms), 3);
    const double sum = objective->pairwise_weight * own_run_number(terms, "pairwise") +
                       objective->quantization_weight * own_run_number(terms, "quantization") +
                       objective->classification_weight * own_run_number(terms, "classification");
    cr_assert_float_eq(own_run_number(event, "loss"), sum, 1e-6 * sum);
}

Test(events, the_loss_of_an_event_is_the_weighted_sum_of_its_terms)
{
    struct bl_config config;
    own_run_config(&config, "objective.preset=joint");
    cr_assert_eq(own_run_train("run", "objective.preset=joint;train.epochs=2;log.every_steps=4"), BL_OK);
    for (int i = 0; i < 5; i++) {
        json_t *step = own_run_event("run", "step", i), *epoch = own_run_event("run", "epoch", i % 2);
        expect_sum_of_terms(step, &config.objective);
        expect_sum_of_terms(epoch, &config.objective);
        json_decref(step);
        json_decref(epoch);
    }
}

/* Parameters that don't move have terms that don't change, on every line and in every epoch. */
Test(events, terms_of_the_parameters_are_means_too)
{
    double first = 0.0;
    cr_assert_eq(
        own_run_train("run", STILL "objective.terms.independence.weight=1;train.epochs=2;log.every_steps=4"),
        BL_OK);
    for (int i = 0; i < 5; i++) {
        json_t *event = i < 3 ? own_run_event("run", "step", i) : own_run_event("run", "epoch", i - 3);
        const double value = own_run_number(json_object_get(event, "terms"), "independence");
        first = i == 0 ? value : first;
        cr_assert(value > 0.0 && fabs(value - first) < 1e-6 * first, "%g, %g", value, first);
        json_decref(event);
    }
}

/* The mean over an epoch is that of its steps; so is that of a line over the steps since the last. */
Test(events, an_epochs_loss_is_the_mean_of_its_steps_also_when_it_was_stopped_within)
{
    for (int stopped = 0; stopped < 2; stopped++) {
        const char *name = stopped ? "stopped" : "whole";
        if (stopped) {
            own_run_deadline.stop_at = 14;
            cr_assert_eq(own_run_train(name, "train.epochs=2"), BL_STOPPED);
            own_run_deadline.stop_at = -1;
        }
        cr_assert_eq(own_run_train(name, "train.epochs=2"), BL_OK);
        cr_assert_eq(own_run_events(name, "step"), 2 * OWN_RUN_PER_EPOCH);
        for (int e = 0; e < 2; e++) {
            double sum = 0.0;
            for (int i = 0; i < OWN_RUN_PER_EPOCH; i++) {
                json_t *step = own_run_event(name, "step", e * OWN_RUN_PER_EPOCH + i);
                sum += own_run_number(step, "loss");
                json_decref(step);
            }
            json_t *epoch = own_run_event(name, "epoch", e);
            cr_assert_float_eq(own_run_number(epoch, "loss"), sum / OWN_RUN_PER_EPOCH, 1e-6);
            json_decref(epoch);
        }
    }
}

/* Sums that no line has shown yet are part of a checkpoint. */
Test(events, an_epochs_loss_is_the_same_where_a_run_was_stopped_between_two_lines)
{
    static const char sets[] = "train.epochs=1;log.every_steps=4";
    own_run_deadline.stop_at = 5;
    cr_assert_eq(own_run_train("stopped", sets), BL_STOPPED);
    own_run_deadline.stop_at = -1;
    cr_assert_eq(own_run_train("stopped", sets), BL_OK);
    cr_assert_eq(own_run_train("whole", sets), BL_OK);
    for (int i = 0; i < 3; i++) {
        const char *event = i < 2 ? "step" : "epoch";
        json_t *whole = own_run_event("whole", event, i % 2),
               *stopped = own_run_event("stopped", event, i % 2);
        cr_assert_eq(own_run_number(whole, "loss"), own_run_number(stopped, "loss"));
        json_decref(whole);
        json_decref(stopped);
    }
}

Test(events, a_lines_loss_is_the_mean_since_the_line_before)
{
    cr_assert_eq(own_run_train("each", "train.steps=12;log.every_steps=1"), BL_OK);
    cr_assert_eq(own_run_train("third", "train.steps=12;log.every_steps=3"), BL_OK);
    cr_assert_eq(own_run_events("third", "step"), 4);
    for (int i = 0; i < 4; i++) {
        double sum = 0.0;
        for (int j = 0; j < 3; j++) {
            json_t *step = own_run_event("each", "step", 3 * i + j);
            sum += own_run_number(step, "loss");
            json_decref(step);
        }
        json_t *line = own_run_event("third", "step", i);
        cr_assert_float_eq(own_run_number(line, "loss"), sum / 3.0, 1e-6);
        json_decref(line);
    }
}

Test(events, the_rate_of_an_event_is_that_of_the_schedule_at_its_step)
{
    static const char *const schedules[] = {"constant", "step", "cosine"};
    for (size_t s = 0; s < 3; s++) {
        char sets[200];
        struct bl_config config;
        snprintf(sets, sizeof sets,
                 "optimizer.schedule=%s;optimizer.step_every_epochs=1;optimizer.warmup_steps=3;"
                 "train.steps=30;evaluate.every_epochs=0",
                 schedules[s]);
        own_run_config(&config, sets);
        cr_assert_eq(own_run_train(schedules[s], sets), BL_OK);
        for (int i = 0; i < 30; i++) {
            json_t *event = own_run_event(schedules[s], "step", i);
            cr_assert_eq(own_run_number(event, "step"), i + 1);
            const double rate = bl_schedule_rate(&config.optimizer, i, 30, OWN_RUN_PER_EPOCH);
            cr_assert_float_eq(own_run_number(event, "lr"), rate, 1e-8);
            json_decref(event);
        }
    }
}

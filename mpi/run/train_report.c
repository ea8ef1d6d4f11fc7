#include "mpi/run/train_report.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "hash/collapse.h"
#include "mpi/evaluate/figures.h"
#include "mpi/run/metrics.h"

/* Without a terminal a line of steps at least this often, so that a log shows life. */
static const double plain_every_s = 30.0;

struct train_report train_report_of(struct step_facts step, const struct bl_config *config,
                                    const struct par_train_data *data, struct par_run_state *state)
{
    const double now = bl_clock_seconds();
    return (struct train_report){.step = step,
                                 .config = config,
                                 .data = data,
                                 .state = state,
                                 .first_step = state->progress.step,
                                 .first_second = now,
                                 .last_plain_second = now};
}

/* With one class everything is relevant, and a mAP of 1 says nothing. */
static const char *of_one_class(const struct train_report *report)
{
    return report->data->label_count.distinct < 2 ? " (of one class only)" : "";
}

static void say_labels(const struct par_train_data *data)
{
    char text[BL_LABEL_TEXT];
    const char *doubt = bl_label_count_doubt(&data->label_count);
    bl_log_say("training rows: %s", bl_label_count_say(&data->label_count, data->n_class_names, text));
    if (doubt)
        bl_log_warn("%s", doubt);
}

static void say_plan(const struct train_report *report, const char *data_path)
{
    const struct step_facts *step = &report->step;
    const struct par_train_data *data = report->data;
    const struct bl_model *model = &report->state->model;
    const struct bl_config_objective *objective = &report->config->objective;
    bl_log_say("matrix products: %s", step->product->name);
    bl_log_say("%s: %" PRId64 " rows of %" PRId64 " x %s to train on, %" PRId64 " held out%s", data_path,
               data->n_train_global, data->dim, bl_type_name(data->type), data->n_validation_global,
               data->n_dropped_global ? ", rows that are not finite left out" : "");
    say_labels(data);
    bl_log_say("%s, %s of %s; batches of %s, %s an epoch, %s in all",
               bl_count(model->layout.n_params, "parameter").text, bl_count(model->shape.heads, "head").text,
               bl_count(model->shape.bits, "bit").text, bl_count(step->batch_rows, "row").text,
               bl_count(step->steps_per_epoch, "step").text, bl_count(step->total_steps, "step").text);
    /* metrics.jsonl has the protocol in full. */
    if (held_out_is_judged(report->config, data->n_validation_global, data->labels))
        bl_log_say("validation mAP: of the %s held out against the %" PRId64 " others, relevant: %s",
                   bl_count(data->n_validation_global, "row").text, data->n_train_global,
                   bl_label_relevance(data->labels.kind));
    if (objective->pairwise_weight > 0.0 && objective->pairwise_form == BL_FORM_LITERAL &&
        data->labels.classes > 2)
        bl_log_warn("objective.terms.pairwise.form: literal with %" PRId64
                    " classes drives all of them to two opposite codes (docs/mathematics.md says why); "
                    "`likelihood` doesn't",
                    data->labels.classes);
}

static void say_files(const struct bl_config *config)
{
    if (config->checkpoint.hints[0])
        bl_log_say("checkpoints are written with hints for MPI-IO: %s", config->checkpoint.hints);
    if (config->checkpoint.alignment_kib > 0)
        bl_log_say("large tensors in checkpoints begin at multiples of %" PRId64 " KiB",
                   config->checkpoint.alignment_kib);
}

int train_report_start(const struct train_report *report, const struct par_placement *placement,
                       const char *data_path, const char *folder, int resumed, struct bl_error *err)
{
    const struct step_facts *step = &report->step;
    const struct par_run_state *state = report->state;
    par_placement_say_local(placement);
    const char *overlap = overlap_name(&step->overlap);
    if (step->ranks > step->nodes)
        bl_log_say("each node's ranks share one copy of parameters, states and codes (train.shared)");
    if (step->overlap.codes || step->overlap.bucket_floats > 0)
        bl_log_say("%s on the way while ranks compute (train.overlap)", overlap);
    say_plan(report, data_path);
    say_files(report->config);
    if (resumed)
        bl_log_say("continuing %s from step %" PRId64 " of %" PRId64 "  digest %016" PRIx64, folder,
                   state->progress.step, step->total_steps, state->digest);
    else
        bl_log_say("new run in %s", folder);
    json_t *event = json_object();
    json_object_set_new(event, "event", json_string(resumed ? "continue" : "start"));
    json_object_set_new(event, "step", json_integer(state->progress.step));
    json_object_set_new(event, "ranks", json_integer(step->ranks));
    json_object_set_new(event, "threads", json_integer(step->threads));
    json_object_set_new(event, "hosts", json_integer(placement->hosts));
    json_object_set_new(event, "nodes", json_integer(step->nodes));
    json_object_set_new(event, "overlap", json_string(overlap));
    json_object_set_new(event, "processors_of_a_rank", json_integer(placement->bound));
    json_object_set_new(event, "version", json_string(BITLOOM_VERSION));
    json_object_set_new(event, "products", json_string(step->product->name));
    json_object_set_new(event, "arithmetic", json_string(state->model.arithmetic));
    json_object_set_new(event, "train_rows", json_integer(report->data->n_train_global));
    json_object_set_new(event, "parameters", json_integer(state->model.layout.n_params));
    json_object_set_new(event, "steps", json_integer(step->total_steps));
    if (resumed)
        json_object_set_new(event, "digest", json_sprintf("%016" PRIx64, state->digest));
    return metrics_write(event, err);
}

/* "loss 0.1234 (pairwise 0.12, quantization 0.34)", and the same as members of an event. */
static void describe_values(const struct train_report *report, const struct term_sums *sums, char *text,
                            size_t size, json_t *event)
{
    const struct bl_objective *objective = report->step.objective;
    double total = 0.0;
    char terms[300] = "";
    json_t *members = json_object();
    for (int64_t t = 0; t < objective->n_terms; t++) {
        const double value = sums->values[t] / (double)sums->steps;
        total += objective->weight[t] * value;
        json_object_set_new(members, objective->name[t], json_real(value));
        size_t at = strlen(terms);
        snprintf(terms + at, sizeof terms - at, "%s%s %.4g", t ? ", " : "", objective->name[t], value);
    }
    snprintf(text, size, "loss %.4g (%s)", total, terms);
    json_object_set_new(event, "loss", json_real(total));
    json_object_set_new(event, "terms", members);
}

static json_t *new_event(const struct train_report *report, const char *name)
{
    const int64_t per_epoch = report->step.steps_per_epoch, step = report->state->progress.step;
    json_t *event = json_object();
    json_object_set_new(event, "event", json_string(name));
    json_object_set_new(event, "step", json_integer(step));
    json_object_set_new(event, "epoch", json_real((double)step / (double)per_epoch));
    return event;
}

int train_report_step(struct train_report *report, const struct par_step_outcome *outcome,
                      struct bl_error *err)
{
    const struct step_facts *step = &report->step;
    struct run_progress *progress = &report->state->progress;
    const int64_t done = progress->step, per_epoch = step->steps_per_epoch;
    const double now = bl_clock_seconds();
    double rate = (double)(progress->interval.steps * step->batch_rows) / progress->interval_seconds;
    double left = (now - report->first_second) / (double)(done - report->first_step) *
                  (double)(step->total_steps - done);
    char values[400], remaining[32];
    json_t *event = new_event(report, "step");
    describe_values(report, &progress->interval, values, sizeof values, event);
    bl_duration(left, remaining, sizeof remaining);
    json_object_set_new(event, "lr", json_real(outcome->lr));
    json_object_set_new(event, "grad_norm", json_real(outcome->grad_norm));
    json_object_set_new(event, "rows_per_s", json_real(rate));
    const char *format =
        "epoch %" PRId64 "/%" PRId64 "  step %" PRId64 "/%" PRId64 "  %s left  %.0f rows/s  %s";
    int64_t epoch = (done - 1) / per_epoch + 1, epochs = (step->total_steps + per_epoch - 1) / per_epoch;
    char line[600];
    snprintf(line, sizeof line, format, epoch, epochs, done, step->total_steps, remaining, rate, values);
    /* In a terminal the line replaces the one before; in a file it comes every so often. */
    if (!bl_log_progress("%s", line) && now - report->last_plain_second >= plain_every_s) {
        bl_log_say("%s", line);
        report->last_plain_second = now;
    }
    progress->interval = (struct term_sums){0};
    progress->interval_seconds = 0.0;
    return metrics_write(event, err);
}

int train_report_epoch(struct train_report *report, struct bl_error *err)
{
    struct run_progress *progress = &report->state->progress;
    const int64_t per_epoch = report->step.steps_per_epoch;
    char values[400];
    json_t *event = new_event(report, "epoch");
    describe_values(report, &progress->epoch, values, sizeof values, event);
    json_object_set_new(event, "train_seconds", json_real(progress->train_seconds));
    bl_log_say("epoch %" PRId64 "/%" PRId64 "  step %" PRId64 "  %s  %.1f s in steps",
               progress->step / per_epoch, (report->step.total_steps + per_epoch - 1) / per_epoch,
               progress->step, values, progress->train_seconds);
    report->last_plain_second = bl_clock_seconds();
    progress->epoch = (struct term_sums){0};
    return metrics_write(event, err);
}

/* A collapse is told once, until the codes recover. */
static void judge_codes(struct train_report *report, const struct bl_code_health *health)
{
    const char *cause = bl_collapse_cause(&report->config->objective, health);
    if (cause && !report->said_collapse)
        bl_log_warn("the codes collapse (%s for %s): %s", bl_count(health->distinct, "distinct code").text,
                    bl_count(health->rows, "row").text, cause);
    report->said_collapse = cause != NULL;
}

static void say_evaluation(struct train_report *report, const struct held_out_result *result, int better,
                           double seconds)
{
    const struct bl_code_health *health = &result->health;
    char classes[140] = "", unanswerable[120] = "", map[16] = "-";
    if (!isnan(result->map))
        snprintf(map, sizeof map, "%.4f", result->map);
    else if (!report->said_nothing)
        bl_log_warn(
            "no held-out row has a training row that is relevant to it, so there is no validation mAP");
    report->said_nothing = isnan(result->map);
    if (result->unanswerable > 0)
        snprintf(unanswerable, sizeof unanswerable, ", %s with nothing relevant",
                 bl_count(result->unanswerable, "query").text);
    if (health->classes >= 0)
        snprintf(classes, sizeof classes, "; %" PRId64 " of %s distinct", health->class_codes,
                 bl_count(health->classes, "class code").text);
    bl_log_say("validation mAP %s%s%s%s  %s for %s (top two: %.1f %%)%s  %.1f s", map,
               better ? " (best)" : "", of_one_class(report), unanswerable,
               bl_count(health->distinct, "distinct code").text, bl_count(health->rows, "row").text,
               100.0 * health->top_two, classes, seconds);
}

int train_report_evaluation(struct train_report *report, const struct held_out_result *result, int better,
                            double seconds, struct bl_error *err)
{
    const struct bl_code_health *health = &result->health;
    char protocol[PAR_VALIDATION_PROTOCOL];
    json_t *event = new_event(report, "evaluation");
    const int from_model = report->state->model.trained.n > 0;
    held_out_protocol(report->data, report->config, from_model, protocol);
    json_object_set_new(event, "protocol", json_string(protocol));
    json_object_set_new(event, "protocol_name", json_string("validation"));
    json_object_set_new(event, "protocol_seed", json_integer(report->config->data.validation_seed));
    json_object_set_new(event, "training_rows_in_database", json_string("yes"));
    json_object_set_new(event, "training_rows_in_queries", json_string(from_model ? "unknown" : "no"));
    json_object_set_new(event, "map_r", json_integer(result->database));
    json_object_set_new(event, "map", figure_json(result->map));
    json_object_set_new(event, "queries", json_integer(result->queries));
    json_object_set_new(event, "database", json_integer(result->database));
    json_object_set_new(event, "unanswerable", json_integer(result->unanswerable));
    figures_put_health(event, health);
    json_object_set_new(event, "class_codes", json_integer(health->class_codes));
    json_object_set_new(event, "classes", json_integer(health->classes));
    json_object_set_new(event, "best", json_boolean(better));
    json_object_set_new(event, "seconds", json_real(seconds));
    say_evaluation(report, result, better, seconds);
    judge_codes(report, health);
    return metrics_write(event, err);
}

int train_report_codes(struct train_report *report, const struct bl_code_health *health, struct bl_error *err)
{
    json_t *event = new_event(report, "codes");
    json_object_set_new(event, "rows", json_integer(health->rows));
    figures_put_health(event, health);
    bl_log_say("%s for %s (top two: %.1f %%)", bl_count(health->distinct, "distinct code").text,
               bl_count(health->rows, "row").text, 100.0 * health->top_two);
    judge_codes(report, health);
    return metrics_write(event, err);
}

static json_t *last_event(const struct train_report *report, const char *name)
{
    json_t *event = json_object();
    json_object_set_new(event, "event", json_string(name));
    json_object_set_new(event, "step", json_integer(report->state->progress.step));
    json_object_set_new(event, "train_seconds", json_real(report->state->progress.train_seconds));
    return event;
}

int train_report_end(const struct train_report *report, const char *model_path, struct bl_error *err)
{
    const struct par_run_state *state = report->state;
    const uint64_t digest = bl_params_digest(state->best.params, state->model.layout.n_network);
    json_t *event = last_event(report, "end");
    int code = metrics_write(event, err);
    if (state->best.map >= 0.0)
        bl_log_end("finished: best validation mAP %.4f%s at step %" PRId64 ", %.1f s in steps",
                   state->best.map, of_one_class(report), state->best.step, state->progress.train_seconds);
    else
        bl_log_end("finished: %.1f s in steps", state->progress.train_seconds);
    bl_log_say("model %s  digest %016" PRIx64 "  (%s)", model_path, digest, state->model.arithmetic);
    return code;
}

int train_report_stopped(const struct train_report *report, const char *reason, struct bl_error *err)
{
    json_t *event = last_event(report, "stopped");
    json_object_set_new(event, "reason", json_string(reason));
    return metrics_write(event, err);
}

void train_report_failed(const struct train_report *report, const struct bl_error *failure)
{
    struct bl_error ignored;
    json_t *event = last_event(report, "failed");
    json_object_set_new(event, "status", json_integer(failure->code));
    json_object_set_new(event, "message", json_string(failure->what)); /* left out if it isn't UTF-8 */
    metrics_write(event, &ignored);
}

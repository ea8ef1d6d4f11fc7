#include "mpi/command/evaluate/evaluate_report.h"

#include "base/count.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/evaluate/figures.h"

const char *evaluate_report_labels(const struct evaluate_report *report, const struct bl_label_count *count,
                                   char text[BL_LABEL_TEXT])
{
    return bl_label_count_say(count, report->n_class_names, text);
}

static int flush_output(struct bl_error *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return bl_fail_path(err, "write to", "standard output", errno);
    return BL_OK;
}

/* A path may have bytes that aren't UTF-8, which JSON doesn't allow: they become '?'. */
static json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    char plain[5000];
    size_t n = 0;
    for (; text[n] && n + 1 < sizeof plain; n++)
        plain[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
    plain[n] = '\0';
    return json_string(plain);
}

static json_t *json_reals(const double *values, int64_t n)
{
    json_t *array = json_array();
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(array, figure_json(values[i]));
    return array;
}

/* mAP@R in both forms, divided by min(R, relevant) and by the relevant items found; precision@R. */
static void put_cuts(json_t *object, const struct evaluate_report *report,
                     const struct bl_retrieval_means *means)
{
    json_t *map_at = json_array(), *precision_at = json_array();
    for (int64_t i = 0; i < report->retrieval.n_cuts; i++) {
        const json_int_t r = report->retrieval.cuts[i];
        json_t *map = json_pack("{s:I, s:o, s:o}", "r", r, "min", figure_json(means->map_min[i]), "found",
                                figure_json(means->map_found[i]));
        json_t *precision = json_pack("{s:I, s:o}", "r", r, "value", figure_json(means->precision_at[i]));
        if (report->asked[i] != report->retrieval.cuts[i]) {
            json_object_set_new(map, "asked", json_integer(report->asked[i]));
            json_object_set_new(precision, "asked", json_integer(report->asked[i]));
        }
        json_array_append_new(map_at, map);
        json_array_append_new(precision_at, precision);
    }
    json_object_set_new(object, "map_at", map_at);
    json_object_set_new(object, "precision_at", precision_at);
}

/* Whether the training rows are on a side: "yes", "no", "part" or "unknown". */
static const char *trained_word(const struct evaluate_sides *sides, int64_t found)
{
    if (sides->trained_sampled == 0)
        return "unknown";
    return found == 0 ? "no" : found == sides->trained_sampled ? "yes" : "part";
}

/* The same with numbers, such as "no (none of 64 sampled)". */
static void say_trained(const struct evaluate_sides *sides, int64_t found, char *text, size_t size)
{
    const int64_t sampled = sides->trained_sampled;
    const char *word = trained_word(sides, found);
    if (sampled == 0)
        snprintf(text, size, "unknown");
    else if (found > 0 && found < sampled)
        snprintf(text, size, "about %.2g %% of them (%" PRId64 " of %" PRId64 " sampled)",
                 100.0 * (double)found / (double)sampled, found, sampled);
    else
        snprintf(text, size, "%s (%s of %" PRId64 " sampled)", word, found == 0 ? "none" : "all", sampled);
}

enum { PROTOCOL_BYTES = 5000 };

/* Everything that a figure depends on, in one text: without it two figures can't be compared. Clauses end
 * with "; ". */
static void describe_protocol(const struct evaluate_report *report, char text[PROTOCOL_BYTES])
{
    const struct evaluate_sides *sides = report->sides;
    char database[80], queries[80];
    say_trained(sides, sides->database.trained_found, database, sizeof database);
    say_trained(sides, sides->queries.trained_found, queries, sizeof queries);
    snprintf(text, PROTOCOL_BYTES,
             "protocol %s; queries: %s; database: %s; training rows in the database: %s; training rows among "
             "the queries: %s; %s; relevant: %s; queries without a relevant item: %" PRId64
             "; ties: exact expectation over all orders of items at equal Hamming distance; means over all "
             "queries, one without a relevant item counts 0 (map_answerable leaves it out); map: AP over the "
             "whole ranking divided by all relevant items; map_at min: AP of the first R divided by min(R, "
             "relevant), found: divided by the relevant items among the first R; R capped at the database; "
             "within a radius: macro means, an empty ball counts 0; distinct codes and bit balance: of the "
             "queries",
             sides->protocol_words, sides->queries.name, sides->database.name, database, queries,
             sides->same ? "the same rows, self-pairs excluded" : "different rows, no pair excluded",
             bl_label_relevance(report->relevance), report->retrieval.unanswerable);
}

/* The same again as separate values, for programs. */
static void put_protocol(json_t *object, const struct evaluate_report *report)
{
    const struct evaluate_sides *sides = report->sides;
    char text[PROTOCOL_BYTES];
    describe_protocol(report, text);
    json_object_set_new(object, "protocol", json_text(text));
    json_object_set_new(object, "protocol_name", json_text(sides->protocol));
    if (sides->seed >= 0)
        json_object_set_new(object, "protocol_seed", json_integer(sides->seed));
    json_object_set_new(object, "queries_rows", json_text(sides->queries.name));
    json_object_set_new(object, "database_rows", json_text(sides->database.name));
    json_object_set_new(object, "training_rows_in_database",
                        json_string(trained_word(sides, sides->database.trained_found)));
    json_object_set_new(object, "training_rows_in_queries",
                        json_string(trained_word(sides, sides->queries.trained_found)));
    if (sides->trained_sampled > 0)
        json_object_set_new(object, "training_sample",
                            json_pack("{s:I, s:I, s:I}", "rows", (json_int_t)sides->trained_sampled,
                                      "in_database", (json_int_t)sides->database.trained_found, "in_queries",
                                      (json_int_t)sides->queries.trained_found));
    if (sides->trained_rows > 0)
        json_object_set_new(object, "trained_rows", json_integer(sides->trained_rows));
    json_object_set_new(object, "map_r", json_integer(sides->database.rows - sides->same));
    json_object_set_new(object, "relevance", json_string(bl_label_relevance(report->relevance)));
    json_object_set_new(object, "ties", json_string("expectation over all orders"));
    json_object_set_new(object, "self_pairs_excluded", json_boolean(sides->same));
    if (sides->data[0])
        json_object_set_new(object, "data", json_text(sides->data));
    json_object_set_new(object, "model", json_text(sides->model));
    if (sides->method[0])
        json_object_set_new(object, "method", json_text(sides->method));
}

/* What the labels of both sides are, and what is to be doubted about them. */
static void put_labels(json_t *object, const struct evaluate_report *report)
{
    char text[BL_LABEL_TEXT];
    json_t *remarks = json_array();
    evaluate_report_labels(report, &report->query_labels, text);
    json_object_set_new(object, "query_labels", json_text(text));
    evaluate_report_labels(report, &report->database_labels, text);
    json_object_set_new(object, "database_labels", json_text(text));
    for (int i = 0; i < report->n_remarks; i++)
        json_array_append_new(remarks, json_text(report->remark[i]));
    json_object_set_new(object, "remarks", remarks);
}

static json_t *report_object(const struct evaluate_report *report)
{
    const int64_t radii = report->bits + 1, two = report->bits < 2 ? report->bits : 2;
    struct bl_retrieval_means means;
    bl_retrieval_means(&report->retrieval, &means);
    json_t *object = json_object();
    json_object_set_new(object, "map", figure_json(means.map));
    json_object_set_new(object, "map_answerable", figure_json(means.map_answerable));
    put_cuts(object, report, &means);
    json_object_set_new(object, "precision_radius2", figure_json(means.precision_radius[two]));
    json_object_set_new(object, "recall_radius2", figure_json(means.recall_radius[two]));
    json_object_set_new(object, "precision_by_radius", json_reals(means.precision_radius, radii));
    json_object_set_new(object, "recall_by_radius", json_reals(means.recall_radius, radii));
    json_object_set_new(object, "bits", json_integer(report->bits));
    json_object_set_new(object, "queries", json_integer(report->sides->queries.rows));
    json_object_set_new(object, "database", json_integer(report->sides->database.rows));
    json_object_set_new(object, "unanswerable", json_integer(report->retrieval.unanswerable));
    figures_put_health(object, &report->health);
    if (report->health.classes >= 0) {
        json_object_set_new(object, "classes", json_integer(report->health.classes));
        json_object_set_new(object, "class_codes", json_integer(report->health.class_codes));
    }
    put_labels(object, report);
    put_protocol(object, report);
    return object;
}

int evaluate_print_json(const struct evaluate_report *report, struct bl_error *err)
{
    json_t *object = report_object(report);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    if (!text)
        return bl_fail(err, BL_MEMORY, "out of memory: the result as JSON");
    printf("%s\n", text);
    free(text);
    return flush_output(err);
}

static void print_cuts(const struct evaluate_report *report, const struct bl_retrieval_means *means)
{
    for (int64_t i = 0; i < report->retrieval.n_cuts; i++) {
        const int64_t r = report->retrieval.cuts[i];
        printf("mAP@%-6" PRId64 "         %.4f   divided by min(R, relevant)\n"
               "                   %.4f   divided by the relevant items found\n"
               "precision@%-6" PRId64 "   %.4f",
               r, means->map_min[i], means->map_found[i], r, means->precision_at[i]);
        if (report->asked[i] != r)
            printf("   lowered from %" PRId64 ", the database has no more items", report->asked[i]);
        printf("\n");
    }
}

/* Prints one clause on each line. */
static void print_protocol(const char *protocol)
{
    printf("\n");
    for (const char *at = protocol, *end; at; at = end ? end + 2 : NULL) {
        end = strstr(at, "; ");
        printf("%.*s\n", end ? (int)(end - at) : (int)strlen(at), at);
    }
}

/* The measures; or, if no query has a relevant item, that there are none. */
static void print_measures(const struct evaluate_report *report, const struct bl_retrieval_means *means)
{
    const int64_t two = report->bits < 2 ? report->bits : 2;
    if (isnan(means->map)) {
        printf(
            "mAP                -        no query has a relevant item, so there is no mean of anything\n\n");
        return;
    }
    printf("mAP                %.4f\n", means->map);
    if (report->retrieval.unanswerable > 0)
        printf("                   %.4f   without the %s that have no relevant item\n", means->map_answerable,
               bl_count(report->retrieval.unanswerable, "query").text);
    print_cuts(report, means);
    printf("within radius 2    %.4f   precision\n                   %.4f   recall\n\n",
           means->precision_radius[two], means->recall_radius[two]);
}

static void print_labels(const struct evaluate_report *report)
{
    char text[BL_LABEL_TEXT];
    evaluate_report_labels(report, &report->query_labels, text);
    printf("labels             queries: %s\n", text);
    evaluate_report_labels(report, &report->database_labels, text);
    printf("                   database: %s\n", text);
    for (int i = 0; i < report->n_remarks; i++)
        printf("remark             %s\n", report->remark[i]);
}

static void print_health(const struct bl_code_health *health)
{
    printf("distinct codes     %" PRId64 " for %s (top two: %.1f %%)\n", health->distinct,
           bl_count(health->rows, "query").text, 100.0 * health->top_two);
    if (health->classes >= 0)
        printf("class codes        %" PRId64 " distinct for %s\n", health->class_codes,
               bl_count(health->classes, "class").text);
    printf("bit balance        %.3f worst, %.3f mean (0 balanced, 0.5 constant)\n", health->bit_balance_worst,
           health->bit_balance_mean);
    if (isnan(health->bit_correlation_mean))
        printf("bit correlation    -        no two bits vary\n");
    else
        printf("bit correlation    %.3f worst, %.3f mean (0 uncorrelated, 1 two bits are equal)\n",
               health->bit_correlation_worst, health->bit_correlation_mean);
}

int evaluate_print_text(const struct evaluate_report *report, struct bl_error *err)
{
    struct bl_retrieval_means means;
    char protocol[PROTOCOL_BYTES];
    bl_retrieval_means(&report->retrieval, &means);
    printf("%s against %s, codes of %s\n\n", bl_count(report->sides->queries.rows, "query").text,
           bl_count(report->sides->database.rows, "item").text, bl_count(report->bits, "bit").text);
    print_measures(report, &means);
    print_labels(report);
    print_health(&report->health);
    describe_protocol(report, protocol);
    print_protocol(protocol);
    return flush_output(err);
}

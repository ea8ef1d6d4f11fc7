#include "mpi/command/evaluate/evaluate_report.h"

#include "base/count.h"
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "mpi/command/evaluate/evaluate_protocol.h"
#include "mpi/evaluate/figures.h"

const char *evaluate_report_labels(const struct evaluate_report *report, const struct bl_label_count *count,
                                   char text[BL_LABEL_TEXT])
{
    return bl_label_count_say(count, report->n_class_names, text);
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

/* What the measures are, for the protocol. */
static void describe(const struct evaluate_report *report, char text[EVALUATE_PROTOCOL_BYTES])
{
    char measures[1000];
    snprintf(measures, sizeof measures,
             "queries without a relevant item: %" PRId64
             "; ties: exact expectation over all orders of items at equal Hamming distance; means over all "
             "queries, one without a relevant item counts 0 (map_answerable leaves it out); map: AP over the "
             "whole ranking divided by all relevant items; map_at min: AP of the first R divided by min(R, "
             "relevant), found: divided by the relevant items among the first R; R capped at the database; "
             "within a radius: macro means, an empty ball counts 0; distinct codes and bit balance: of the "
             "queries",
             report->retrieval.unanswerable);
    evaluate_describe_protocol(report->sides, bl_label_relevance(report->relevance), measures, text);
}

/* What the labels of both sides are, and what is to be doubted about them. */
static void put_labels(json_t *object, const struct evaluate_report *report)
{
    char text[BL_LABEL_TEXT];
    json_t *remarks = json_array();
    evaluate_report_labels(report, &report->query_labels, text);
    json_object_set_new(object, "query_labels", evaluate_json_text(text));
    evaluate_report_labels(report, &report->database_labels, text);
    json_object_set_new(object, "database_labels", evaluate_json_text(text));
    for (int i = 0; i < report->n_remarks; i++)
        json_array_append_new(remarks, evaluate_json_text(report->remark[i]));
    json_object_set_new(object, "remarks", remarks);
}

static json_t *report_object(const struct evaluate_report *report)
{
    char text[EVALUATE_PROTOCOL_BYTES];
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
    describe(report, text);
    evaluate_put_protocol(object, report->sides, text, bl_label_relevance(report->relevance));
    return object;
}

int evaluate_print_json(const struct evaluate_report *report, struct bl_error *err)
{
    return evaluate_print_object(report_object(report), err);
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

void evaluate_print_health(const struct bl_code_health *health)
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
    char protocol[EVALUATE_PROTOCOL_BYTES];
    bl_retrieval_means(&report->retrieval, &means);
    printf("%s against %s, codes of %s\n\n", bl_count(report->sides->queries.rows, "query").text,
           bl_count(report->sides->database.rows, "item").text, bl_count(report->bits, "bit").text);
    print_measures(report, &means);
    print_labels(report);
    evaluate_print_health(&report->health);
    describe(report, protocol);
    evaluate_print_protocol(protocol);
    return evaluate_flush_output(err);
}

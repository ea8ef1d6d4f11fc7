#include "mpi/command/evaluate_report.h"

#include "base/count.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int flush_output(struct bl_error *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return bl_fail_path(err, "write to", "standard output", errno);
    return BL_OK;
}

/* A path may hold bytes that are not UTF-8; JSON can't. */
static json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    char plain[4000];
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
        json_array_append_new(array, json_real(values[i]));
    return array;
}

static void put_cuts(json_t *object, const struct evaluate_report *report,
                     const struct bl_retrieval_means *means)
{
    json_t *map_at = json_array(), *precision_at = json_array();
    for (int64_t i = 0; i < report->retrieval.n_cuts; i++) {
        const json_int_t r = report->retrieval.cuts[i];
        json_t *map =
            json_pack("{s:I, s:f, s:f}", "r", r, "min", means->map_min[i], "found", means->map_found[i]);
        json_t *precision = json_pack("{s:I, s:f}", "r", r, "value", means->precision_at[i]);
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

static void put_health(json_t *object, const struct bl_code_health *health)
{
    json_object_set_new(object, "distinct_codes", json_integer(health->distinct));
    json_object_set_new(object, "top_two_share", json_real(health->top_two));
    json_object_set_new(object, "bit_balance_worst", json_real(health->bit_balance_worst));
    json_object_set_new(object, "bit_balance_mean", json_real(health->bit_balance_mean));
    json_object_set_new(object, "bit_correlation_worst", json_real(health->bit_correlation_worst));
    json_object_set_new(object, "bit_correlation_mean", json_real(health->bit_correlation_mean));
    if (health->classes >= 0) {
        json_object_set_new(object, "classes", json_integer(health->classes));
        json_object_set_new(object, "class_codes", json_integer(health->class_codes));
    }
}

static json_t *report_object(const struct evaluate_report *report)
{
    const int64_t radii = report->bits + 1, two = report->bits < 2 ? report->bits : 2;
    struct bl_retrieval_means means;
    bl_retrieval_means(&report->retrieval, &means);
    json_t *object = json_object();
    json_object_set_new(object, "map", json_real(means.map));
    json_object_set_new(object, "map_answerable", json_real(means.map_answerable));
    put_cuts(object, report, &means);
    json_object_set_new(object, "precision_radius2", json_real(means.precision_radius[two]));
    json_object_set_new(object, "recall_radius2", json_real(means.recall_radius[two]));
    json_object_set_new(object, "precision_by_radius", json_reals(means.precision_radius, radii));
    json_object_set_new(object, "recall_by_radius", json_reals(means.recall_radius, radii));
    json_object_set_new(object, "bits", json_integer(report->bits));
    json_object_set_new(object, "queries", json_integer(report->queries));
    json_object_set_new(object, "database", json_integer(report->database));
    json_object_set_new(object, "unanswerable", json_integer(report->retrieval.unanswerable));
    put_health(object, &report->health);
    json_object_set_new(object, "protocol", json_text(report->protocol));
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
            printf("   %" PRId64 " was asked for; the database has no more", report->asked[i]);
        printf("\n");
    }
}

/* One clause a line: as one line it would be hard to read. */
static void print_protocol(const char *protocol)
{
    printf("\n");
    for (const char *at = protocol, *end; at; at = end ? end + 2 : NULL) {
        end = strstr(at, "; ");
        printf("%.*s\n", end ? (int)(end - at) : (int)strlen(at), at);
    }
}

int evaluate_print_text(const struct evaluate_report *report, struct bl_error *err)
{
    const struct bl_code_health *health = &report->health;
    const int64_t two = report->bits < 2 ? report->bits : 2;
    struct bl_retrieval_means means;
    bl_retrieval_means(&report->retrieval, &means);
    printf("%s against %s, codes of %s\n\n", bl_count(report->queries, "query").text,
           bl_count(report->database, "item").text, bl_count(report->bits, "bit").text);
    printf("mAP                %.4f\n", means.map);
    if (report->retrieval.unanswerable > 0)
        printf("                   %.4f   without the %s that nothing is relevant to\n", means.map_answerable,
               bl_count(report->retrieval.unanswerable, "query").text);
    print_cuts(report, &means);
    printf("within radius 2    %.4f   precision\n                   %.4f   recall\n\n",
           means.precision_radius[two], means.recall_radius[two]);
    printf("distinct codes     %" PRId64 " of %s, %.1f %% on the two commonest\n", health->distinct,
           bl_count(health->rows, "query").text, 100.0 * health->top_two);
    if (health->classes >= 0)
        printf("class codes        %" PRId64 " different of %s\n", health->class_codes,
               bl_count(health->classes, "class").text);
    printf("bit balance        %.3f worst, %.3f mean (0 balanced, 0.5 constant)\n", health->bit_balance_worst,
           health->bit_balance_mean);
    printf("bit correlation    %.3f worst, %.3f mean (0 independent, 1 two bits are one)\n",
           health->bit_correlation_worst, health->bit_correlation_mean);
    print_protocol(report->protocol);
    return flush_output(err);
}

#include "mpi/command/evaluate/evaluate_protocol.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int evaluate_flush_output(struct bl_error *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return bl_fail_path(err, "write to", "standard output", errno);
    return BL_OK;
}

/* A path may have bytes that aren't UTF-8. */
json_t *evaluate_json_text(const char *text)
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

int evaluate_print_object(json_t *object, struct bl_error *err)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    if (!text)
        return bl_fail(err, BL_MEMORY, "out of memory: the result as JSON");
    printf("%s\n", text);
    free(text);
    return evaluate_flush_output(err);
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

void evaluate_describe_protocol(const struct evaluate_sides *sides, const char *relevance,
                                const char *measures, char text[EVALUATE_PROTOCOL_BYTES])
{
    char database[80], queries[80];
    say_trained(sides, sides->database.trained_found, database, sizeof database);
    say_trained(sides, sides->queries.trained_found, queries, sizeof queries);
    snprintf(text, EVALUATE_PROTOCOL_BYTES,
             "protocol %s; queries: %s; database: %s; training rows in the database: %s; training rows among "
             "the queries: %s; %s; relevant: %s; %s",
             sides->protocol_words, sides->queries.name, sides->database.name, database, queries,
             sides->same ? "the same rows, self-pairs excluded" : "different rows, no pair excluded",
             relevance, measures);
}

void evaluate_put_protocol(json_t *object, const struct evaluate_sides *sides, const char *text,
                           const char *relevance)
{
    json_object_set_new(object, "protocol", evaluate_json_text(text));
    json_object_set_new(object, "protocol_name", evaluate_json_text(sides->protocol));
    if (sides->seed >= 0)
        json_object_set_new(object, "protocol_seed", json_integer(sides->seed));
    json_object_set_new(object, "queries_rows", evaluate_json_text(sides->queries.name));
    json_object_set_new(object, "database_rows", evaluate_json_text(sides->database.name));
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
    json_object_set_new(object, "relevance", json_string(relevance));
    json_object_set_new(object, "ties", json_string("expectation over all orders"));
    json_object_set_new(object, "self_pairs_excluded", json_boolean(sides->same));
    if (sides->data[0])
        json_object_set_new(object, "data", evaluate_json_text(sides->data));
    json_object_set_new(object, "model", evaluate_json_text(sides->model));
    if (sides->method[0])
        json_object_set_new(object, "method", evaluate_json_text(sides->method));
}

void evaluate_print_protocol(const char *protocol)
{
    printf("\n");
    for (const char *at = protocol, *end; at; at = end ? end + 2 : NULL) {
        end = strstr(at, "; ");
        printf("%.*s\n", end ? (int)(end - at) : (int)strlen(at), at);
    }
}

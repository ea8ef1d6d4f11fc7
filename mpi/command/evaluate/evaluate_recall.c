#include "mpi/command/evaluate/evaluate_recall.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/count.h"
#include "hash/code.h"
#include "hash/health.h"
#include "mpi/command/command.h"
#include "mpi/command/evaluate/evaluate_protocol.h"
#include "mpi/command/evaluate/evaluate_report.h"
#include "mpi/evaluate/figures.h"
#include "mpi/evaluate/recall.h"
#include "mpi/files/truth_check.h"
#include "mpi/ranks/agree.h"

/* Borrowed, for printing on rank 0. */
struct result {
    const struct evaluate_sides *sides;
    const struct par_truth_note *note;
    const struct bl_recall *recall;
    const struct bl_code_health *health;
    int has_distances;
};

static int parse_one(const char *text, struct bl_recall_at *at, struct bl_error *err)
{
    char k[32];
    const char *sign = strchr(text, '@');
    if (!sign || sign - text >= (int)sizeof k)
        return bl_fail(err, BL_USAGE, "--at takes K@R with --relevant neighbours, as in 10@100, not '%.40s'",
                       text);
    snprintf(k, sizeof k, "%.*s", (int)(sign - text), text);
    const int code = command_integer("the K of --at", k, 1, INT32_MAX, &at->k, err);
    return code == BL_OK ? command_integer("the R of --at", sign + 1, 1, BL_DATABASE_ROWS_MAX, &at->r, err)
                         : code;
}

int evaluate_recall_parse(const char *text, struct evaluate_recalls *recalls, struct bl_error *err)
{
    char copy[1000];
    *recalls = (struct evaluate_recalls){.is_default = !text};
    if (snprintf(copy, sizeof copy, "%s", text ? text : EVALUATE_RECALLS) >= (int)sizeof copy)
        return bl_fail(err, BL_USAGE, "--at is too long; give at most %d recalls", (int)BL_RECALLS_MAX);
    for (char *at = copy, *next; at; at = next) {
        next = strchr(at, ',');
        if (next)
            *next++ = '\0';
        if (recalls->n == BL_RECALLS_MAX)
            return bl_fail(err, BL_USAGE, "--at has more than %d recalls", (int)BL_RECALLS_MAX);
        const int code = parse_one(at, &recalls->at[recalls->n++], err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

int evaluate_recall_name(struct evaluate_sides *sides, const char *data, const char *queries,
                         const char *database, struct bl_error *err)
{
    if (snprintf(sides->data, sizeof sides->data, "%s", data) >= (int)sizeof sides->data ||
        snprintf(sides->query_split, sizeof sides->query_split, "%s", queries) >=
            (int)sizeof sides->query_split ||
        snprintf(sides->database_split, sizeof sides->database_split, "%s", database) >=
            (int)sizeof sides->database_split)
        return bl_fail(err, BL_USAGE, "--truth: the path or the name of a split is too long");
    return BL_OK;
}

/* Those of the recalls that the truth has neighbours for: of the default some may be missing. */
static int choose(const struct evaluate_recalls *asked, const struct par_truth_note *note, const char *data,
                  const char *split, struct evaluate_recalls *chosen, struct bl_error *err)
{
    chosen->n = 0;
    for (int64_t i = 0; i < asked->n; i++) {
        if (asked->at[i].k <= note->k)
            chosen->at[chosen->n++] = asked->at[i];
        else if (!asked->is_default)
            return bl_fail(err, BL_USAGE,
                           "--at %" PRId64 "@%" PRId64
                           ": %s, split '%s', lists %s of each row; make more with bitloom "
                           "neighbours -k %" PRId64 " --force",
                           asked->at[i].k, asked->at[i].r, data, split, bl_count(note->k, "neighbour").text,
                           asked->at[i].k);
    }
    return BL_OK;
}

static const char *metric_of(const struct par_truth_note *note)
{
    return note->metric[0] ? note->metric : "an unknown metric";
}

static void describe(const struct result *result, char relevance[200], char text[EVALUATE_PROTOCOL_BYTES])
{
    char measures[1000];
    snprintf(relevance, 200, "the K true nearest rows by %s", metric_of(result->note));
    snprintf(
        measures, sizeof measures,
        "truth: %" PRId64
        " nearest rows by %s, of '%s'; recall K@R: share of the K nearest among the first R by "
        "Hamming distance, in the mean over queries; ties: exact expectation over all orders of items at equal "
        "Hamming distance; by distance: rows within a thousandth of the distance at place K count for it, at most "
        "K of them; distinct codes and bit balance: of the queries",
        result->note->k, metric_of(result->note), result->sides->database_split);
    evaluate_describe_protocol(result->sides, relevance, measures, text);
}

static json_t *recalls_object(const struct bl_recall *recall, const double *sums)
{
    json_t *object = json_object();
    char key[64];
    for (int64_t i = 0; i < recall->n; i++) {
        snprintf(key, sizeof key, "%" PRId64 "@%" PRId64, recall->at[i].k, recall->at[i].r);
        json_object_set_new(object, key, figure_json(sums[i] / (double)recall->queries));
    }
    return object;
}

/* The smallest pools, and the curve of recall over the size of the pool. */
static void put_pools(json_t *object, const struct bl_recall *recall)
{
    json_t *pool = json_object(), *curve = json_array();
    int64_t r[BL_RECALL_CURVE_MAX];
    char key[16];
    json_object_set_new(pool, "k", json_integer(recall->pool_k));
    for (int i = 0; i < BL_RECALL_POOLS; i++) {
        snprintf(key, sizeof key, "%.2f", bl_recall_targets[i]);
        json_object_set_new(pool, key, json_integer(bl_recall_pool(recall, bl_recall_targets[i])));
    }
    json_object_set_new(object, "pool", pool);
    const int64_t n = bl_recall_curve(recall, r);
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(curve, json_pack("{s:I, s:o}", "r", (json_int_t)r[i], "recall",
                                               figure_json(bl_recall_of_pool(recall, r[i]))));
    json_object_set_new(object, "recall_by_pool", curve);
}

static void put_truth(json_t *object, const struct result *result)
{
    const struct bl_recall *recall = result->recall;
    const struct par_truth_note *note = result->note;
    json_t *truth = json_object();
    json_object_set_new(truth, "k", json_integer(note->k));
    json_object_set_new(truth, "metric", note->metric[0] ? evaluate_json_text(note->metric) : json_null());
    json_object_set_new(truth, "queries", evaluate_json_text(result->sides->query_split));
    json_object_set_new(truth, "database", evaluate_json_text(result->sides->database_split));
    if (result->has_distances) {
        json_object_set_new(truth, "queries_with_equal_row", json_integer(recall->equal_rows));
        json_object_set_new(truth, "tied_at_k",
                            recall->listed > recall->pool_k ? json_integer(recall->tied) : json_null());
        json_object_set_new(truth, "nearly_tied_at_k",
                            recall->listed > recall->pool_k ? json_integer(recall->nearly_tied)
                                                            : json_null());
    }
    json_object_set_new(object, "truth", truth);
}

static int print_json(const struct result *result, struct bl_error *err)
{
    const struct bl_recall *recall = result->recall;
    char relevance[200], text[EVALUATE_PROTOCOL_BYTES];
    json_t *object = json_object();
    json_object_set_new(object, "recall", recalls_object(recall, recall->by_id));
    if (result->has_distances)
        json_object_set_new(object, "recall_by_distance", recalls_object(recall, recall->by_distance));
    put_pools(object, recall);
    json_object_set_new(object, "bytes_a_row", json_integer(bl_code_bytes(recall->bits)));
    json_object_set_new(object, "bits", json_integer(recall->bits));
    json_object_set_new(object, "queries", json_integer(result->sides->queries.rows));
    json_object_set_new(object, "database", json_integer(result->sides->database.rows));
    put_truth(object, result);
    figures_put_health(object, result->health);
    describe(result, relevance, text);
    evaluate_put_protocol(object, result->sides, text, relevance);
    return evaluate_print_object(object, err);
}

static void print_ties(const struct result *result)
{
    const struct bl_recall *recall = result->recall;
    if (!result->has_distances)
        return;
    printf("equal rows         %s of a row that the database has too\n",
           bl_count(recall->equal_rows, "query").text);
    if (recall->listed > recall->pool_k)
        printf("ties               %s with a row behind place %" PRId64 " that is as near, %" PRId64
               " with one within 1 %%\n",
               bl_count(recall->tied, "query").text, recall->pool_k, recall->nearly_tied);
}

static int print_text(const struct result *result, struct bl_error *err)
{
    const struct bl_recall *recall = result->recall;
    char relevance[200], text[EVALUATE_PROTOCOL_BYTES], name[64];
    printf("%s against %s, codes of %s (%s a row)\n\n", bl_count(result->sides->queries.rows, "query").text,
           bl_count(result->sides->database.rows, "item").text, bl_count(recall->bits, "bit").text,
           bl_count(bl_code_bytes(recall->bits), "byte").text);
    for (int64_t i = 0; i < recall->n; i++) {
        snprintf(name, sizeof name, "%" PRId64 "@%" PRId64, recall->at[i].k, recall->at[i].r);
        printf("recall %-11s %.4f", name, recall->by_id[i] / (double)recall->queries);
        if (result->has_distances)
            printf("   %.4f by distance", recall->by_distance[i] / (double)recall->queries);
        printf("\n");
    }
    for (int i = 0; i < BL_RECALL_POOLS; i++)
        printf("%s %.2f          %" PRId64 " items hold so much of the first %" PRId64 "\n",
               i == 0 ? "pool for" : "        ", bl_recall_targets[i],
               bl_recall_pool(recall, bl_recall_targets[i]), recall->pool_k);
    printf("\n");
    print_ties(result);
    evaluate_print_health(result->health);
    describe(result, relevance, text);
    evaluate_print_protocol(text);
    return evaluate_flush_output(err);
}

static int print(const struct evaluate_sides *sides, const struct par_truth *truth,
                 const struct bl_recall *recall, const struct par_code_set *queries, int json,
                 struct bl_error *err)
{
    struct bl_code_health health;
    const struct result result = {.sides = sides,
                                  .note = truth_note(truth),
                                  .recall = recall,
                                  .health = &health,
                                  .has_distances = truth_has_distances(truth)};
    const int code = bl_code_health(queries->words, queries->set.rows, queries->set.bits,
                                    bl_label_layout(BL_LABELS_NONE, 0), NULL, &health, err);
    if (code != BL_OK)
        return code;
    return json ? print_json(&result, err) : print_text(&result, err);
}

/* Codes of a file must be those of the split that the truth is of. */
static int check_rows(const struct evaluate_side *side, int64_t rows, const char *split, const char *data,
                      struct bl_error *err)
{
    if (side->rows == rows)
        return BL_OK;
    return bl_fail(err, BL_INPUT,
                   "%s has %s and split '%s' of %s has %" PRId64 ": these are codes of other rows",
                   side->name, bl_count(side->rows, "row").text, split, data, rows);
}

int par_evaluate_recall(struct par par, const struct evaluate_sides *sides,
                        const struct evaluate_recalls *recalls, int json, struct bl_error *err)
{
    struct par_truth *truth = NULL;
    struct par_code_set queries = {0};
    struct bl_recall recall = {0};
    struct evaluate_recalls chosen;
    const struct bl_code_set *piece = &sides->queries.piece.set;
    const struct bl_code_set *database = sides->same ? piece : &sides->database.piece.set;
    const int64_t items = sides->database.rows - sides->same;
    int64_t rows = 0;
    if (!sides->query_split[0])
        return bl_fail(
            err, BL_USAGE,
            "--relevant neighbours needs whole splits, which true neighbours are of: give --queries and "
            "--database");
    int code = par_truth_open(&truth, par, sides->data, sides->query_split, err);
    if (code == BL_OK)
        code =
            par_truth_check(par, truth, sides->data, sides->query_split, sides->database_split, &rows, err);
    if (code == BL_OK)
        code = check_rows(&sides->queries, truth_rows(truth), sides->query_split, sides->data, err);
    if (code == BL_OK)
        code = check_rows(&sides->database, rows, sides->database_split, sides->data, err);
    if (code == BL_OK)
        code = choose(recalls, truth_note(truth), sides->data, sides->query_split, &chosen, err);
    if (code == BL_OK)
        code = par_code_set_gather(par, &sides->queries.piece, &queries, err);
    if (code == BL_OK)
        code = par_agree(par,
                         bl_recall_init(&recall, queries.set.bits, queries.set.rows, truth_note(truth)->k,
                                        items, chosen.at, chosen.n, err),
                         err);
    if (code == BL_OK)
        code =
            par_recall(par, &queries.set, database, sides->same, truth, sides->database.rows, &recall, err);
    if (code == BL_OK && par.rank == 0)
        code = print(sides, truth, &recall, &queries, json, err);
    bl_recall_free(&recall);
    par_code_set_free(&queries);
    par_truth_close(truth);
    return code;
}

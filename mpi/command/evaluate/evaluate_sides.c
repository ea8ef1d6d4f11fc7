#include "mpi/command/evaluate/evaluate_sides.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "data/label_names.h"
#include "mpi/command/command.h"
#include "mpi/evaluate/encode_split.h"
#include "mpi/evaluate/retrieve.h"
#include "mpi/files/model.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

/* Classes are compared by number, so a number must have the same name on both sides. Groups have no names. */
static int check_class_names(struct evaluate_sides *sides, const char *const *a, int64_t n_a,
                             const char *const *b, int64_t n_b, struct bl_error *err)
{
    sides->n_class_names = n_a > n_b ? n_a : n_b;
    const struct bl_label_names queries = {sides->queries.name, a, n_a};
    const struct bl_label_names database = {sides->database.name, b, n_b};
    return bl_label_names_check(&queries, &database, err);
}

/* Rank 0 decides, so that all ranks do the same. */
static int same_file(struct par par, const char *a, const char *b)
{
    int same = par.rank == 0 && command_same_file(a, b);
    par_broadcast(par, &same, sizeof same);
    return same;
}

/* Only if both were encoded by one model is the sample the same; a different size shows that it isn't. */
static void take_trained(struct evaluate_sides *sides, const struct par_codes_info *queries,
                         const struct par_codes_info *database)
{
    if (queries->trained_sampled != database->trained_sampled)
        return;
    sides->trained_sampled = queries->trained_sampled;
    sides->queries.trained_found = queries->trained_found;
    sides->database.trained_found = database->trained_found;
}

int par_evaluate_sides_load(struct par par, const char *query_path, const char *database_path,
                            int by_neighbours, struct evaluate_sides *sides, struct bl_error *err)
{
    struct par_codes *queries = NULL, *database = NULL;
    *sides = (struct evaluate_sides){.protocol = "codes", .seed = -1};
    snprintf(sides->protocol_words, sizeof sides->protocol_words, "codes: the rows of two code files");
    snprintf(sides->queries.name, sizeof sides->queries.name, "%s", query_path);
    snprintf(sides->database.name, sizeof sides->database.name, "%s", database_path);
    snprintf(sides->model, sizeof sides->model, "%s", query_path);
    sides->same = same_file(par, query_path, database_path);
    int code = par_codes_open(&queries, par, query_path, err);
    if (code == BL_OK)
        code = par_codes_open(&database, par, database_path, err);
    if (code != BL_OK)
        goto done;
    par_codes_use_groups_local(queries);
    par_codes_use_groups_local(database);
    const struct par_codes_info *q = codes_info(queries), *d = codes_info(database);
    sides->queries.rows = q->rows;
    sides->database.rows = d->rows;
    take_trained(sides, q, d);
    if (by_neighbours)
        code = par_retrieve_check_bits_local(q->bits, query_path, d->bits, database_path, err);
    else
        code =
            par_retrieve_check_local(q->bits, q->labels, query_path, d->bits, d->labels, database_path, err);
    if (code == BL_OK && !by_neighbours)
        code =
            check_class_names(sides, q->class_names, q->n_class_names, d->class_names, d->n_class_names, err);
    if (code == BL_OK)
        code = par_code_set_read(par, queries, &sides->queries.piece, err);
    if (code == BL_OK && !sides->same)
        code = par_code_set_read(par, database, &sides->database.piece, err);
done:
    par_codes_close(database);
    par_codes_close(queries);
    return code;
}

/* Which rows to use: two splits, or under a protocol a choice of rows of each. Owns parts. */
struct plan {
    char query_split[BL_NAME_MAX], database_split[BL_NAME_MAX];
    const struct bl_protocol *protocol; /* NULL: whole splits */
    uint8_t *parts;                     /* [rows of train and test] under a protocol */
    struct par_row_choice queries, database;
};

static int plan_splits(struct plan *plan, const char *queries, const char *database, struct bl_error *err)
{
    const size_t size = sizeof plan->query_split;
    if (snprintf(plan->query_split, size, "%s", queries) >= (int)size ||
        snprintf(plan->database_split, size, "%s", database) >= (int)size)
        return bl_fail(err, BL_USAGE, "the name of a split has at most %d letters", BL_NAME_MAX - 1);
    return BL_OK;
}

/* A protocol that needs no cut before training: it uses whole splits, or halves of the test split. */
static int plan_uncut(struct plan *plan, const struct evaluate_request *request,
                      const struct bl_protocol *protocol, struct evaluate_sides *sides, struct bl_error *err)
{
    struct par_protocol_note note = {.seed = -1};
    if (!protocol->whole)
        return bl_fail(
            err, BL_USAGE,
            "%s draws rows before training: first `bitloom cut %s %s -o OUT`, then train on OUT and "
            "evaluate with it",
            protocol->name, protocol->name, request->data);
    if (request->seed && !protocol->draws)
        return bl_fail(err, BL_USAGE, "%s draws nothing, so --seed has no meaning", protocol->name);
    if (protocol->draws)
        note.seed = 0;
    if (request->seed && command_integer("--seed", request->seed, 0, INT64_MAX, &note.seed, err) != BL_OK)
        return err->code;
    snprintf(note.name, sizeof note.name, "%s", protocol->name);
    snprintf(sides->protocol, sizeof sides->protocol, "%s", note.name);
    protocol_note_describe(&note, sides->protocol_words, sizeof sides->protocol_words);
    sides->seed = note.seed;
    plan->protocol = protocol;
    return plan_splits(plan, "test", protocol->database_has_train ? "train" : "test", err);
}

/* Data that `bitloom cut` made: the file itself says which splits are queries and database. */
static int plan_cut(struct plan *plan, const struct evaluate_request *request,
                    const struct par_protocol_note *note, struct evaluate_sides *sides, struct bl_error *err)
{
    if (request->protocol && strcmp(request->protocol, note->name) != 0)
        return bl_fail(err, BL_USAGE,
                       "%s was cut by %s, not by %s; leave out --protocol, or cut its source again",
                       request->data, note->name, request->protocol);
    if (request->seed)
        return bl_fail(err, BL_USAGE, "the rows of %s are drawn already, so --seed has no meaning",
                       request->data);
    snprintf(sides->protocol, sizeof sides->protocol, "%s", note->name);
    protocol_note_describe(note, sides->protocol_words, sizeof sides->protocol_words);
    sides->seed = note->seed;
    return plan_splits(plan, note->query, note->database, err);
}

static int make_plan(struct plan *plan, const struct evaluate_request *request,
                     const struct par_protocol_note *note, struct evaluate_sides *sides, struct bl_error *err)
{
    const int cut = note->name[0] != '\0';
    const struct bl_protocol *protocol = request->protocol ? bl_protocol_find(request->protocol, err) : NULL;
    if (request->protocol && !protocol)
        return err->code;
    const int splits = request->queries && request->database;
    if (splits && !(cut && strcmp(request->queries, note->query) == 0 &&
                    strcmp(request->database, note->database) == 0)) {
        snprintf(sides->protocol, sizeof sides->protocol, "splits");
        snprintf(sides->protocol_words, sizeof sides->protocol_words, "splits: whole splits of a data set");
        return plan_splits(plan, request->queries, request->database, err);
    }
    if (cut)
        return plan_cut(plan, request, note, sides, err);
    if (protocol)
        return plan_uncut(plan, request, protocol, sides, err);
    return bl_fail(
        err, BL_USAGE,
        "evaluate needs --queries SPLIT and --database SPLIT, or --protocol NAME; see bitloom evaluate "
        "--help");
}

/* Halves the test split; which row is in which half depends on the number of rows and the seed only. */
static int choose_rows(struct plan *plan, int64_t n_test, int64_t seed, struct bl_error *err)
{
    const struct bl_protocol_rows rows = {.n_train = 1, .n_test = n_test, .seed = (uint64_t)seed};
    int code = bl_alloc(&plan->parts, 1 + n_test, 1, "the parts of rows", err);
    if (code == BL_OK)
        code = bl_protocol_cut(plan->protocol, &rows, plan->parts, err);
    plan->queries = (struct par_row_choice){plan->parts + 1, BL_ROW_QUERY};
    plan->database = (struct par_row_choice){plan->parts + 1, BL_ROW_DATABASE};
    return code;
}

/* Encodes this rank's share of a side's rows, and counts the sampled training rows that it meets. */
static int encode_side(struct par par, const struct bl_model *model, const char *model_path,
                       struct par_dataset *dataset, const struct par_row_choice *choice,
                       struct evaluate_side *side, struct bl_error *err)
{
    struct bl_row_tally tally = {.sample = &model->trained};
    int code = par_encode_check_local(model, model_path, dataset_split(dataset), side->name, err);
    if (code == BL_OK)
        code = par_encode_split(par, model, dataset, choice, &side->piece, &tally, &side->rows, err);
    if (code != BL_OK)
        return bl_fail_prefix(err, "%s", side->name);
    side->trained_found = bl_row_tally_count(&tally);
    return BL_OK;
}

/* Decides whether labels or groups define relevance. */
static int choose_relevance(const struct evaluate_request *request, const struct evaluate_sides *sides,
                            struct par_dataset *queries, struct par_dataset *database, struct bl_error *err)
{
    const struct par_split *q = dataset_split(queries), *d = dataset_split(database);
    const char *relevant = request->relevant;
    const int group = relevant && strcmp(relevant, "group") == 0;
    if (group && (q->groups.kind == BL_LABELS_NONE || d->groups.kind == BL_LABELS_NONE))
        return bl_fail(err, BL_INPUT, "--relevant group: %s has no groups; import them with --groups",
                       q->groups.kind == BL_LABELS_NONE ? sides->queries.name : sides->database.name);
    const int unlabelled = q->labels.kind == BL_LABELS_NONE || d->labels.kind == BL_LABELS_NONE;
    if (group || (!relevant && unlabelled)) {
        par_dataset_use_groups_local(queries, 1);
        par_dataset_use_groups_local(database, 1);
    }
    return BL_OK;
}

static int encode_both(struct par par, const struct evaluate_request *request, const struct bl_model *model,
                       struct plan *plan, struct evaluate_sides *sides, struct bl_error *err)
{
    struct par_dataset *queries = NULL, *database = NULL;
    const struct par_row_choice *query_choice = NULL, *database_choice = NULL;
    int code = par_dataset_open(&queries, par, request->data, plan->query_split, err);
    if (code == BL_OK)
        code = par_dataset_open(&database, par, request->data, plan->database_split, err);
    if (code != BL_OK)
        goto done;
    const struct par_split *q = dataset_split(queries), *d = dataset_split(database);
    const int64_t bits = bl_shape_code_bits(&model->shape);
    code = par_agree(par, choose_relevance(request, sides, queries, database, err), err);
    if (code != BL_OK)
        goto done;
    /* Two halves of one split are different rows. */
    sides->same = !plan->protocol && strcmp(plan->query_split, plan->database_split) == 0;
    if (plan->protocol && !plan->protocol->database_has_train) {
        code = par_agree(par, choose_rows(plan, q->rows, sides->seed, err), err);
        query_choice = &plan->queries;
        database_choice = &plan->database;
    }
    if (code == BL_OK && !request->by_neighbours)
        code = par_retrieve_check_local(bits, q->labels, sides->queries.name, bits, d->labels,
                                        sides->database.name, err);
    if (code == BL_OK && !request->by_neighbours)
        code =
            check_class_names(sides, q->class_names, q->n_class_names, d->class_names, d->n_class_names, err);
    if (code == BL_OK)
        code = encode_side(par, model, request->model, queries, query_choice, &sides->queries, err);
    if (code == BL_OK && !sides->same)
        code = encode_side(par, model, request->model, database, database_choice, &sides->database, err);
    if (code == BL_OK && sides->same) {
        sides->database.rows = sides->queries.rows;
        sides->database.trained_found = sides->queries.trained_found;
    }
done:
    par_dataset_close(database);
    par_dataset_close(queries);
    return code;
}

static void name_side(struct evaluate_side *side, const char *half, const char *split, const char *data)
{
    snprintf(side->name, sizeof side->name, "%s%s of %s", half, split, data);
}

int par_evaluate_sides_encode(struct par par, const struct evaluate_request *request,
                              struct evaluate_sides *sides, struct bl_error *err)
{
    struct bl_model model = {0};
    struct plan plan = {.protocol = NULL};
    struct par_protocol_note note;
    *sides = (struct evaluate_sides){.seed = -1};
    int code = par_model_read(par, request->model, &model, err);
    if (code == BL_OK)
        code = par_protocol_note_read(par, request->data, &note, err);
    if (code == BL_OK)
        code = make_plan(&plan, request, &note, sides, err);
    if (code == BL_OK) {
        const int halves = plan.protocol && !plan.protocol->database_has_train;
        name_side(&sides->queries, halves ? "half of " : "", plan.query_split, request->data);
        name_side(&sides->database, halves ? "the other half of " : "", plan.database_split, request->data);
        snprintf(sides->data, sizeof sides->data, "%s", request->data);
        if (!halves) {
            memcpy(sides->query_split, plan.query_split, sizeof sides->query_split);
            memcpy(sides->database_split, plan.database_split, sizeof sides->database_split);
        }
        snprintf(sides->model, sizeof sides->model, "%s", request->model);
        snprintf(sides->method, sizeof sides->method, "%s", model.method);
        sides->trained_rows = model.trained.rows;
        sides->trained_sampled = model.trained.n;
        code = encode_both(par, request, &model, &plan, sides, err);
    }
    bl_free(&plan.parts);
    bl_model_free(&model);
    return code;
}

void evaluate_sides_free(struct evaluate_sides *sides)
{
    par_code_set_free(&sides->queries.piece);
    par_code_set_free(&sides->database.piece);
}

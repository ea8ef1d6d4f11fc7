#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/log.h"
#include "mpi/agree.h"
#include "mpi/collective.h"
#include "mpi/command/command.h"
#include "mpi/command/evaluate_report.h"
#include "mpi/encode_split.h"
#include "mpi/model_file.h"
#include "mpi/retrieve.h"

/* One side of the comparison: this rank's piece of its codes, and its name in messages. */
struct side {
    char name[BL_PATH_MAX + BL_NAME_MAX + 16];
    struct par_code_set piece;
    int64_t rows;
};

struct evaluation {
    struct side queries, database;
    int same; /* both are the same rows of the same file; then only queries.piece is filled */
    int64_t n_cuts;
    int64_t cuts[BL_CUTS_MAX];
};

static int parse_cuts(const char *text, struct evaluation *evaluation, struct bl_error *err)
{
    char copy[400];
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return bl_fail(err, BL_USAGE, "--at is too long; give at most %d numbers", BL_CUTS_MAX);
    evaluation->n_cuts = 0;
    for (char *at = copy, *next; at; at = next) {
        next = strchr(at, ',');
        if (next)
            *next++ = '\0';
        if (evaluation->n_cuts == BL_CUTS_MAX)
            return bl_fail(err, BL_USAGE, "--at has more than %d numbers", BL_CUTS_MAX);
        int64_t *cut = &evaluation->cuts[evaluation->n_cuts++];
        int code = command_integer("--at", at, 1, INT64_MAX, cut, err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

/* Classes are compared by number, so the same number must not mean two names. */
static int check_class_names(const struct evaluation *evaluation, const char *const *a, int64_t n_a,
                             const char *const *b, int64_t n_b, struct bl_error *err)
{
    for (int64_t c = 0; c < n_a && c < n_b; c++)
        if (strcmp(a[c], b[c]) != 0)
            return bl_fail(err, BL_INPUT,
                           "class %" PRId64
                           " is '%s' in %s and '%s' in %s; import both with the same classes",
                           c, a[c], evaluation->queries.name, b[c], evaluation->database.name);
    return BL_OK;
}

static int same_file(struct par par, const char *a, const char *b)
{
    struct stat of_a, of_b;
    int same = 0;
    if (par.rank == 0)
        same = strcmp(a, b) == 0 || (stat(a, &of_a) == 0 && stat(b, &of_b) == 0 &&
                                     of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino);
    par_broadcast(par, &same, sizeof same);
    return same;
}

static int load_codes(struct par par, const char *query_path, const char *database_path,
                      struct evaluation *evaluation, struct bl_error *err)
{
    struct par_codes *queries = NULL, *database = NULL;
    snprintf(evaluation->queries.name, sizeof evaluation->queries.name, "%s", query_path);
    snprintf(evaluation->database.name, sizeof evaluation->database.name, "%s", database_path);
    evaluation->same = same_file(par, query_path, database_path);
    int code = par_codes_open(&queries, par, query_path, err);
    if (code == BL_OK)
        code = par_codes_open(&database, par, database_path, err);
    if (code != BL_OK)
        goto done;
    const struct par_codes_info *q = par_codes_info(queries), *d = par_codes_info(database);
    evaluation->queries.rows = q->rows;
    evaluation->database.rows = d->rows;
    code = par_retrieve_check_local(q->bits, q->labels, query_path, d->bits, d->labels, database_path, err);
    if (code == BL_OK)
        code = check_class_names(evaluation, q->class_names, q->n_class_names, d->class_names,
                                 d->n_class_names, err);
    if (code == BL_OK)
        code = par_code_set_read(par, queries, &evaluation->queries.piece, err);
    if (code == BL_OK && !evaluation->same)
        code = par_code_set_read(par, database, &evaluation->database.piece, err);
done:
    par_codes_close(database);
    par_codes_close(queries);
    return code;
}

static int encode_side(struct par par, const struct bl_model *model, const char *model_path,
                       struct par_dataset *dataset, struct side *side, struct bl_error *err)
{
    int code = par_encode_check_local(model, model_path, par_dataset_split(dataset), side->name, err);
    if (code == BL_OK)
        code = par_encode_split(par, model, dataset, &side->piece, err);
    if (code != BL_OK)
        bl_fail_prefix(err, "%s", side->name);
    return code;
}

static int encode_data(struct par par, const char *model_path, const char *data_path, const char *query_split,
                       const char *database_split, struct evaluation *evaluation, struct bl_error *err)
{
    struct bl_model model = {0};
    struct par_dataset *queries = NULL, *database = NULL;
    snprintf(evaluation->queries.name, sizeof evaluation->queries.name, "%s of %s", query_split, data_path);
    snprintf(evaluation->database.name, sizeof evaluation->database.name, "%s of %s", database_split,
             data_path);
    evaluation->same = strcmp(query_split, database_split) == 0;
    int code = par_model_read(par, model_path, &model, err);
    if (code == BL_OK)
        code = par_dataset_open(&queries, par, data_path, query_split, err);
    if (code == BL_OK)
        code = par_dataset_open(&database, par, data_path, database_split, err);
    if (code != BL_OK)
        goto done;
    const struct par_split *q = par_dataset_split(queries), *d = par_dataset_split(database);
    const int64_t bits = bl_shape_code_bits(&model.shape);
    evaluation->queries.rows = q->rows;
    evaluation->database.rows = d->rows;
    code = par_retrieve_check_local(bits, q->labels, evaluation->queries.name, bits, d->labels,
                                    evaluation->database.name, err);
    if (code == BL_OK)
        code = check_class_names(evaluation, q->class_names, q->n_class_names, d->class_names,
                                 d->n_class_names, err);
    if (code == BL_OK)
        code = encode_side(par, &model, model_path, queries, &evaluation->queries, err);
    if (code == BL_OK && !evaluation->same)
        code = encode_side(par, &model, model_path, database, &evaluation->database, err);
done:
    par_dataset_close(database);
    par_dataset_close(queries);
    bl_model_free(&model);
    return code;
}

/* The cuts that the database allows, each once. */
static void cap_cuts(const struct evaluation *evaluation, struct evaluate_report *report)
{
    const int64_t items = evaluation->database.rows - evaluation->same;
    int64_t cuts[BL_CUTS_MAX], n = 0;
    for (int64_t i = 0; i < evaluation->n_cuts; i++) {
        const int64_t asked = evaluation->cuts[i], cut = asked < items ? asked : items;
        int seen = cut <= 0;
        for (int64_t j = 0; j < n; j++)
            seen |= cuts[j] == cut;
        if (asked > items)
            bl_log_say("the cut %" PRId64 " becomes %" PRId64 ": the database has no more items", asked,
                       items > 0 ? items : 0);
        if (seen)
            continue;
        report->asked[n] = asked;
        cuts[n++] = cut;
    }
    bl_retrieval_init(&report->retrieval, report->bits, cuts, n);
}

static void describe_protocol(const struct evaluation *evaluation, enum bl_label_kind kind, char *text,
                              size_t size)
{
    snprintf(
        text, size,
        "queries: %s; database: %s; %s; relevant: %s; ties: exact expectation over all orders of items "
        "at equal Hamming distance; means over all queries, one without a relevant item counts 0 "
        "(map_answerable leaves it out); map: AP over the whole ranking divided by all relevant items; "
        "map_at min: AP of the first R divided by min(R, relevant), found: divided by the relevant items "
        "among the first R; R capped at the database; within a radius: macro means, an empty ball counts "
        "0; distinct codes and bit balance: of the queries",
        evaluation->queries.name, evaluation->database.name,
        evaluation->same ? "the same rows, self-pairs excluded" : "different rows, no pair excluded",
        kind == BL_LABELS_SINGLE ? "same class" : "any shared label");
}

static int compare(struct par par, struct evaluation *evaluation, int json, struct bl_error *err)
{
    struct par_code_set queries = {0};
    struct evaluate_report *report = NULL;
    const struct bl_code_set *piece = &evaluation->queries.piece.set;
    const struct bl_code_set *database = evaluation->same ? piece : &evaluation->database.piece.set;
    int code = par_agree(par, bl_alloc_zero(&report, 1, sizeof *report, "the report", err), err);
    if (code == BL_OK)
        code = par_code_set_gather(par, &evaluation->queries.piece, &queries, err);
    if (code != BL_OK)
        goto done;
    report->bits = queries.set.bits;
    report->queries = evaluation->queries.rows;
    report->database = evaluation->database.rows;
    describe_protocol(evaluation, queries.set.label_layout.kind, report->protocol, sizeof report->protocol);
    cap_cuts(evaluation, report);
    code = par_retrieve(par, &queries.set, database, evaluation->same, &report->retrieval, err);
    if (code == BL_OK && par.rank == 0) {
        code = bl_code_health(queries.words, queries.set.rows, queries.set.bits, queries.set.label_layout,
                              queries.labels, &report->health, err);
        if (code == BL_OK)
            code = json ? evaluate_print_json(report, err) : evaluate_print_text(report, err);
    }
done:
    par_code_set_free(&queries);
    bl_free(&report);
    return code;
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    const char *queries = NULL, *database = NULL, *at = "100,500,1000", *json = NULL, *codes = NULL;
    const char *path[2];
    const struct command_option options[] = {
        {.name = "--queries", .takes_value = 1, .value = &queries},
        {.name = "--database", .takes_value = 1, .value = &database},
        {.name = "--at", .takes_value = 1, .value = &at},
        {.name = "--json", .value = &json},
        {.name = "--codes", .value = &codes},
    };
    int code = command_parse(argc, argv, options, 5, path, 2, 2, NULL, err);
    if (code != BL_OK)
        return code;
    if (codes && (queries || database))
        return bl_fail(err, BL_USAGE,
                       "--codes takes two code files, so --queries and --database have no meaning");
    if (!codes && (!queries || !database))
        return bl_fail(err, BL_USAGE, "evaluate needs %s SPLIT; see bitloom evaluate --help",
                       queries ? "--database" : "--queries");
    struct evaluation evaluation = {0};
    code = parse_cuts(at, &evaluation, err);
    if (code == BL_OK)
        code = codes ? load_codes(par, path[0], path[1], &evaluation, err)
                     : encode_data(par, path[0], path[1], queries, database, &evaluation, err);
    if (code == BL_OK)
        code = compare(par, &evaluation, json != NULL, err);
    par_code_set_free(&evaluation.queries.piece);
    par_code_set_free(&evaluation.database.piece);
    return code;
}

const struct command command_evaluate = {
    .name = "evaluate",
    .summary = "measure how well codes retrieve relevant items",
    .help = "usage: bitloom evaluate MODEL DATA --queries SPLIT --database SPLIT [--at R,R,...] [--json]\n"
            "       bitloom evaluate --codes QUERIES DATABASE [--at R,R,...] [--json]\n\n"
            "Relevant is an item of the same class, or one that shares a label. Measures are exact\n"
            "expectations over all orders of items at equal distance, the same on any number of ranks.\n"
            "The same rows on both sides: a query is not its own neighbour.\n\n"
            "  --queries SPLIT    the rows that ask\n"
            "  --database SPLIT   the rows that are searched\n"
            "  --codes            compare two code files, as `bitloom encode` writes them\n"
            "  --at R,R,...       cuts of mAP@R and precision@R (default 100,500,1000)\n"
            "  --json             one JSON object on one line\n\n"
            "example:\n"
            "  mpirun -n 4 bitloom evaluate runs/first/model.h5 fashion-mnist.h5 --queries test "
            "--database train\n",
    .parallel = 1,
    .run = run,
};

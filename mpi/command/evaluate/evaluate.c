#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "hash/bit_tally.h"
#include "hash/collapse.h"
#include "mpi/command/command.h"
#include "mpi/command/evaluate/evaluate_recall.h"
#include "mpi/command/evaluate/evaluate_report.h"
#include "mpi/command/evaluate/evaluate_sides.h"
#include "mpi/command/run_path.h"
#include "mpi/evaluate/retrieve.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"
#include "mpi/ranks/reduce.h"
#include "mpi/rows/label_totals.h"

struct cuts {
    int64_t n;
    int64_t cut[BL_CUTS_MAX];
};

/* "100,500,1000": the R of mAP@R and precision@R. */
static int parse_cuts(const char *text, struct cuts *asked, struct bl_error *err)
{
    char copy[400];
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return bl_fail(err, BL_USAGE, "--at is too long; give at most %d numbers", BL_CUTS_MAX);
    asked->n = 0;
    for (char *at = copy, *next; at; at = next) {
        next = strchr(at, ',');
        if (next)
            *next++ = '\0';
        if (asked->n == BL_CUTS_MAX)
            return bl_fail(err, BL_USAGE, "--at has more than %d numbers", BL_CUTS_MAX);
        int64_t *cut = &asked->cut[asked->n++];
        int code = command_integer("--at", at, 1, INT64_MAX, cut, err);
        if (code != BL_OK)
            return code;
    }
    return BL_OK;
}

/* Lowers each R to the size of the database and drops those that become equal. */
static void cap_cuts(const struct cuts *asked, int64_t items, struct evaluate_report *report)
{
    int64_t cuts[BL_CUTS_MAX], n = 0;
    for (int64_t i = 0; i < asked->n; i++) {
        const int64_t cut = asked->cut[i] < items ? asked->cut[i] : items;
        int seen = cut <= 0;
        for (int64_t j = 0; j < n; j++)
            seen |= cuts[j] == cut;
        if (asked->cut[i] > items && items > 0)
            bl_log_say("R = %" PRId64 " is lowered to %" PRId64 ": the database has no more items",
                       asked->cut[i], items);
        if (seen)
            continue;
        report->asked[n] = asked->cut[i];
        cuts[n++] = cut;
    }
    bl_retrieval_init(&report->retrieval, report->bits, cuts, n);
}

/* The labels of both sides counted, and the database's bits. Collective. */
static int count_sides(struct par par, const struct par_code_set *queries, const struct bl_code_set *database,
                       struct evaluate_report *report, struct bl_bit_tally *tally, struct bl_error *err)
{
    const struct bl_code_set *set = &queries->set;
    int code = par_label_totals(par_alone(), set->label_layout, set->labels, set->rows, NULL,
                                &report->query_labels, err);
    code = par_agree(par, code, err);
    if (code == BL_OK)
        code = par_label_totals(par, database->label_layout, database->labels, database->rows, NULL,
                                &report->database_labels, err);
    bl_bit_tally_words(tally, database->words, database->rows, database->bits);
    par_sum_integers(par, &tally->rows, 1);
    par_sum_integers(par, tally->ones, database->bits);
    return code;
}

static void remark(struct evaluate_report *report, const char *format, const char *text)
{
    if (report->n_remarks == EVALUATE_REMARKS)
        return;
    char *to = report->remark[report->n_remarks++];
    snprintf(to, EVALUATE_REMARK_BYTES, format, text);
    bl_log_warn("%s", to);
}

/* Classes 1 to n on one side and 0 to n - 1 on the other: most likely counted from different numbers. */
static int is_shifted(const struct bl_label_count *a, const struct bl_label_count *b)
{
    return a->kind == BL_LABELS_SINGLE && a->distinct > 1 && a->distinct == b->distinct &&
           a->lowest + 1 == b->lowest && a->highest + 1 == b->highest &&
           a->highest - a->lowest + 1 == a->distinct;
}

/* What a person should know before believing the figures. */
static void make_remarks(struct evaluate_report *report, const struct bl_bit_tally *tally)
{
    const struct bl_label_count *queries = &report->query_labels, *database = &report->database_labels;
    const char *of_queries = bl_label_count_doubt(queries), *of_database = bl_label_count_doubt(database);
    char text[BL_BIT_TALLY_TEXT];
    if (report->retrieval.unanswerable == report->retrieval.queries)
        remark(report, "no query has a relevant item: %s",
               !report->sides->same ? "do both splits number their classes alike?"
               : report->sides->queries.rows < 2
                   ? "a query isn't its own neighbour, and there is no other row"
                   : "no two rows are alike in their labels or groups");
    if (is_shifted(queries, database) || is_shifted(database, queries))
        remark(report, "%s",
               "one side has classes from 0 and the other as many from 1: do both number them alike?");
    if (of_queries)
        remark(report, "the queries' labels: %s", of_queries);
    if (of_database && !report->sides->same)
        remark(report, "the database's labels: %s", of_database);
    if (bl_codes_have_collapsed(&report->health))
        remark(
            report, "%s",
            "the queries' codes have collapsed: they hardly tell rows apart (distinct codes, bit balance and "
            "bit correlation show how)");
    if (bl_bit_tally_doubt(tally, report->bits, "the database", text) && database->distinct != 1)
        remark(report, "%s", text);
}

/* Every rank gets all queries and compares them with its piece of the database. */
static int compare(struct par par, const struct evaluate_sides *sides, const struct cuts *cuts, int json,
                   struct bl_error *err)
{
    struct par_code_set queries = {0};
    struct evaluate_report *report = NULL;
    struct bl_bit_tally tally = {0};
    const struct bl_code_set *piece = &sides->queries.piece.set;
    const struct bl_code_set *database = sides->same ? piece : &sides->database.piece.set;
    int code = par_agree(par, bl_alloc_zero(&report, 1, sizeof *report, "the report", err), err);
    if (code == BL_OK)
        code = par_code_set_gather(par, &sides->queries.piece, &queries, err);
    if (code != BL_OK)
        goto done;
    report->sides = sides;
    report->relevance = queries.set.label_layout.kind;
    report->bits = queries.set.bits;
    report->n_class_names = sides->n_class_names;
    cap_cuts(cuts, sides->database.rows - sides->same, report); /* a query isn't its own neighbour */
    code = par_retrieve(par, &queries.set, database, sides->same, &report->retrieval, err);
    if (code == BL_OK)
        code = count_sides(par, &queries, database, report, &tally, err);
    if (code == BL_OK && par.rank == 0) {
        code = bl_code_health(queries.words, queries.set.rows, queries.set.bits, queries.set.label_layout,
                              queries.labels, &report->health, err);
        if (code == BL_OK)
            make_remarks(report, &tally);
        if (code == BL_OK)
            code = json ? evaluate_print_json(report, err) : evaluate_print_text(report, err);
    }
done:
    par_code_set_free(&queries);
    bl_free(&report);
    return code;
}

/* Refuses options that contradict each other, whatever the data. */
static int check_request(const struct evaluate_request *request, const char *codes, const char *truth,
                         struct bl_error *err)
{
    const int splits = request->queries || request->database, by_neighbours = request->by_neighbours;
    if (codes && !by_neighbours && (splits || request->protocol || request->seed || request->relevant))
        return bl_fail(err, BL_USAGE,
                       "--codes takes two code files, so --queries, --database, --protocol, --seed and "
                       "--relevant have no meaning");
    if (request->relevant && !by_neighbours && strcmp(request->relevant, "label") != 0 &&
        strcmp(request->relevant, "group") != 0)
        return bl_fail(err, BL_USAGE, "--relevant must be label, group or neighbours, not '%.40s'",
                       request->relevant);
    if (truth && !(codes && by_neighbours))
        return bl_fail(
            err, BL_USAGE,
            "--truth is for --codes with --relevant neighbours; a model is measured by the truth in DATA");
    if (codes && by_neighbours && (!truth || !request->queries || !request->database || request->protocol))
        return bl_fail(err, BL_USAGE,
                       "--codes with --relevant neighbours needs the data set that the codes are of: "
                       "--truth DATA --queries SPLIT --database SPLIT");
    if (splits && (!request->queries || !request->database))
        return bl_fail(err, BL_USAGE, "evaluate needs %s SPLIT; see bitloom evaluate --help",
                       request->queries ? "--database" : "--queries");
    if (splits && (request->protocol || request->seed))
        return bl_fail(err, BL_USAGE,
                       "%s decides which rows are used, and so do --queries and --database; give only one",
                       request->protocol ? "--protocol" : "--seed");
    return BL_OK;
}

struct given {
    struct evaluate_request request;
    const char *at, *json, *codes, *truth;
};

static const struct command_option options[] = {
    {.name = "--queries",
     .argument = "SPLIT",
     .values = "train test",
     .text = "the split of the queries",
     .at = offsetof(struct given, request.queries)},
    {.name = "--database",
     .argument = "SPLIT",
     .values = "train test",
     .text = "the split of the database, which is searched",
     .at = offsetof(struct given, request.database)},
    {.name = "--protocol",
     .argument = "NAME",
     .values = "test-train held-out",
     .text = "choose both by a protocol: test-train (the test split against the train split) "
             "or held-out (half of the test split against its other half); "
             "for the others make the data set CUT with `bitloom cut` before training",
     .at = offsetof(struct given, request.protocol)},
    {.name = "--seed",
     .argument = "N",
     .text = "another seed halves in another way (0)",
     .at = offsetof(struct given, request.seed)},
    {.name = "--relevant",
     .argument = "X",
     .values = "label group neighbours",
     .text =
         "what is relevant: by label, by group (labels if both sides have them), or the true neighbours that "
         "`bitloom neighbours` stored",
     .at = offsetof(struct given, request.relevant)},
    {.name = "--codes",
     .text = "compare two code files, as `bitloom encode` writes them",
     .at = offsetof(struct given, codes)},
    {.name = "--truth",
     .argument = "DATA",
     .values = COMMAND_FILES,
     .text = "with --codes and --relevant neighbours: the data set that the codes are of",
     .at = offsetof(struct given, truth)},
    {.name = "--at",
     .argument = "R,R,...",
     .text =
         "cuts of mAP@R and precision@R (default 100,500,1000); with neighbours K@R,...: recall of the K nearest "
         "among the first R (default " EVALUATE_RECALLS ")",
     .at = offsetof(struct given, at)},
    {.name = "--json", .text = "one JSON object on one line", .at = offsetof(struct given, json)},
    COMMAND_OPTIONS_END,
};

static int check_paths(const char *const path[2], int codes, char model[COMMAND_RUN_PATH_MAX],
                       struct bl_error *err)
{
    if (!codes)
        return command_model_path(path[0], model, err);
    int code = command_refuse_run_as_codes(path[0], err);
    return code == BL_OK ? command_refuse_run_as_codes(path[1], err) : code;
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {.at = NULL};
    const char *path[2];
    char model[COMMAND_RUN_PATH_MAX];
    struct cuts cuts;
    struct evaluate_recalls recalls;
    int code = command_parse(argc, argv, options, &given, path, 2, 2, NULL, err);
    given.request.by_neighbours = given.request.relevant && strcmp(given.request.relevant, "neighbours") == 0;
    const int by_neighbours = given.request.by_neighbours;
    if (code == BL_OK)
        code = check_request(&given.request, given.codes, given.truth, err);
    if (code == BL_OK && by_neighbours)
        code = evaluate_recall_parse(given.at, &recalls, err);
    else if (code == BL_OK)
        code = parse_cuts(given.at ? given.at : "100,500,1000", &cuts, err);
    if (code != BL_OK)
        return code;
    /* On the heap: the names and texts in it are too large for a stack. */
    struct evaluate_sides *sides = NULL;
    given.request.model = model;
    given.request.data = path[1];
    code = par_agree(par, check_paths(path, given.codes != NULL, model, err), err);
    if (code == BL_OK)
        code =
            par_agree(par, bl_alloc_zero(&sides, 1, sizeof *sides, "the sides of the evaluation", err), err);
    if (code == BL_OK)
        code = given.codes ? par_evaluate_sides_load(par, path[0], path[1], by_neighbours, sides, err)
                           : par_evaluate_sides_encode(par, &given.request, sides, err);
    if (code == BL_OK && given.codes && by_neighbours)
        code = evaluate_recall_name(sides, given.truth, given.request.queries, given.request.database, err);
    if (code == BL_OK)
        code = by_neighbours ? par_evaluate_recall(par, sides, &recalls, given.json != NULL, err)
                             : compare(par, sides, &cuts, given.json != NULL, err);
    if (sides)
        evaluate_sides_free(sides);
    bl_free(&sides);
    return code;
}

const struct command command_evaluate = {
    .name = "evaluate",
    .summary = "measure how well codes retrieve relevant items",
    .usage = "MODEL DATA --queries SPLIT --database SPLIT [--at R,R,...] [--json]\n"
             "MODEL DATA --protocol NAME [--seed N] [--at R,R,...] [--json]\n"
             "MODEL CUT [--at R,R,...] [--json]\n"
             "--codes QUERIES DATABASE [--at R,R,...] [--json]\n"
             "MODEL DATA --queries SPLIT --database SPLIT --relevant neighbours [--at K@R,...] [--json]\n"
             "--codes QUERIES DATABASE --relevant neighbours --truth DATA --queries SPLIT --database SPLIT\n",
    .text = "MODEL is a model file or a run folder, which stands for its model.h5.\n"
            "Relevant is an item of the same class, or one that shares a label or group. "
            "Measures are exact expectations over all orders of items at equal distance, the same on any "
            "number of ranks. "
            "The same rows on both sides: a query is not its own neighbour. "
            "Every result says under which protocol it was measured, and whether rows that the model was "
            "trained on were searched.\n"
            "With --relevant neighbours it is recall: K@R is the share of the K true nearest rows "
            "(`bitloom neighbours`) among the first R by Hamming distance.\n",
    .operands = COMMAND_FILES,
    .options = options,
    .examples = "mpirun -n 4 bitloom evaluate runs/first/model.h5 fashion-mnist.h5 \\\n"
                "    --queries test --database train\n",
    .parallel = 1,
    .run = run,
};

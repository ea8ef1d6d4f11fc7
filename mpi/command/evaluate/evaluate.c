#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "mpi/command/command.h"
#include "mpi/command/evaluate/evaluate_report.h"
#include "mpi/command/evaluate/evaluate_sides.h"
#include "mpi/evaluate/retrieve.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/collective.h"

struct cuts {
    int64_t n;
    int64_t cut[BL_CUTS_MAX];
};

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

/* The cuts that the database allows, each once. */
static void cap_cuts(const struct cuts *asked, int64_t items, struct evaluate_report *report)
{
    int64_t cuts[BL_CUTS_MAX], n = 0;
    for (int64_t i = 0; i < asked->n; i++) {
        const int64_t cut = asked->cut[i] < items ? asked->cut[i] : items;
        int seen = cut <= 0;
        for (int64_t j = 0; j < n; j++)
            seen |= cuts[j] == cut;
        if (asked->cut[i] > items)
            bl_log_say("the cut %" PRId64 " becomes %" PRId64 ": the database has no more items",
                       asked->cut[i], items > 0 ? items : 0);
        if (seen)
            continue;
        report->asked[n] = asked->cut[i];
        cuts[n++] = cut;
    }
    bl_retrieval_init(&report->retrieval, report->bits, cuts, n);
}

static int compare(struct par par, const struct evaluate_sides *sides, const struct cuts *cuts, int json,
                   struct bl_error *err)
{
    struct par_code_set queries = {0};
    struct evaluate_report *report = NULL;
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
    cap_cuts(cuts, sides->database.rows - sides->same, report);
    code = par_retrieve(par, &queries.set, database, sides->same, &report->retrieval, err);
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

/* What can't be meant, whatever the data. */
static int check_request(const struct evaluate_request *request, const char *codes, struct bl_error *err)
{
    const int splits = request->queries || request->database;
    if (codes && (splits || request->protocol || request->seed || request->relevant))
        return bl_fail(
            err, BL_USAGE,
            "--codes takes two code files, so --queries, --database, --protocol, --seed and --relevant have "
            "no meaning");
    if (request->relevant && strcmp(request->relevant, "label") != 0 &&
        strcmp(request->relevant, "group") != 0)
        return bl_fail(err, BL_USAGE, "--relevant is label or group, not '%.40s'", request->relevant);
    if (splits && (!request->queries || !request->database))
        return bl_fail(err, BL_USAGE, "evaluate needs %s SPLIT; see bitloom evaluate --help",
                       request->queries ? "--database" : "--queries");
    if (splits && (request->protocol || request->seed))
        return bl_fail(err, BL_USAGE,
                       "%s chooses rows and so do --queries and --database; keep one of the two",
                       request->protocol ? "--protocol" : "--seed");
    return BL_OK;
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    const char *at = "100,500,1000", *json = NULL, *codes = NULL, *path[2];
    struct evaluate_request request = {0};
    struct cuts cuts;
    const struct command_option options[] = {
        {.name = "--queries", .takes_value = 1, .value = &request.queries},
        {.name = "--database", .takes_value = 1, .value = &request.database},
        {.name = "--protocol", .takes_value = 1, .value = &request.protocol},
        {.name = "--seed", .takes_value = 1, .value = &request.seed},
        {.name = "--relevant", .takes_value = 1, .value = &request.relevant},
        {.name = "--at", .takes_value = 1, .value = &at},
        {.name = "--json", .value = &json},
        {.name = "--codes", .value = &codes},
    };
    int code = command_parse(argc, argv, options, 8, path, 2, 2, NULL, err);
    if (code == BL_OK)
        code = check_request(&request, codes, err);
    if (code == BL_OK)
        code = parse_cuts(at, &cuts, err);
    if (code != BL_OK)
        return code;
    struct evaluate_sides *sides = NULL;
    request.model = path[0];
    request.data = path[1];
    code = par_agree(par, bl_alloc_zero(&sides, 1, sizeof *sides, "the sides of the evaluation", err), err);
    if (code == BL_OK)
        code = codes ? evaluate_sides_load(par, path[0], path[1], sides, err)
                     : evaluate_sides_encode(par, &request, sides, err);
    if (code == BL_OK)
        code = compare(par, sides, &cuts, json != NULL, err);
    if (sides)
        evaluate_sides_free(sides);
    bl_free(&sides);
    return code;
}

const struct command command_evaluate = {
    .name = "evaluate",
    .summary = "measure how well codes retrieve relevant items",
    .help = "usage: bitloom evaluate MODEL DATA --queries SPLIT --database SPLIT [--at R,R,...] [--json]\n"
            "       bitloom evaluate MODEL DATA --protocol NAME [--seed N] [--at R,R,...] [--json]\n"
            "       bitloom evaluate MODEL CUT [--at R,R,...] [--json]\n"
            "       bitloom evaluate --codes QUERIES DATABASE [--at R,R,...] [--json]\n\n"
            "Relevant is an item of the same class, or one that shares a label or group. Measures are exact\n"
            "expectations over all orders of items at equal distance, the same on any number of ranks.\n"
            "The same rows on both sides: a query is not its own neighbour. Every result says under which\n"
            "protocol it was measured, and whether rows that the model was trained on were searched.\n\n"
            "  --queries SPLIT    the rows that ask\n"
            "  --database SPLIT   the rows that are searched\n"
            "  --protocol NAME    choose both by a protocol: test-train (the test split against the train\n"
            "                     split) or held-out (half of the test split against its other half); for\n"
            "                     the others make the data set CUT with `bitloom cut` before training\n"
            "  --seed N           another seed halves in another way (0)\n"
            "  --relevant X       what is relevant: by label or by group (labels if both sides have them)\n"
            "  --codes            compare two code files, as `bitloom encode` writes them\n"
            "  --at R,R,...       cuts of mAP@R and precision@R (default 100,500,1000)\n"
            "  --json             one JSON object on one line\n\n"
            "example:\n"
            "  mpirun -n 4 bitloom evaluate runs/first/model.h5 fashion-mnist.h5 --queries test "
            "--database train\n",
    .parallel = 1,
    .run = run,
};

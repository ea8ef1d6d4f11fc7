#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "mpi/command/command.h"
#include "mpi/files/truth.h"
#include "mpi/neighbours/nearest_rows.h"
#include "mpi/ranks/agree.h"

#define MIB (INT64_C(1) << 20)

struct given {
    const char *queries, *database, *k, *metric, *force, *threads, *memory;
};

static const struct command_option options[] = {
    {.name = "--queries",
     .argument = "SPLIT",
     .values = "train test",
     .text = "the split whose rows get a list each",
     .at = offsetof(struct given, queries)},
    {.name = "--database",
     .argument = "SPLIT",
     .values = "train test",
     .text = "the split whose rows are listed; the same one: a row isn't its own neighbour",
     .at = offsetof(struct given, database)},
    {.name = "-k",
     .argument = "K",
     .text = "neighbours of each row (default 100)",
     .at = offsetof(struct given, k)},
    {.name = "--metric",
     .argument = "M",
     .values = "l2 cosine ip",
     .text = "l2 (default), cosine or ip: what the distance is",
     .at = offsetof(struct given, metric)},
    {.name = "--force",
     .text = "replace the neighbours that the split has",
     .at = offsetof(struct given, force)},
    {.name = "--threads",
     .argument = "N",
     .text = "threads of each rank (1)",
     .at = offsetof(struct given, threads)},
    {.name = "--memory",
     .argument = "MIB",
     .text = "memory of each rank beside its share of the result (512)",
     .at = offsetof(struct given, memory)},
    COMMAND_OPTIONS_END,
};

/* What was asked for; texts are borrowed from the command line. */
struct task {
    const char *data, *queries, *database;
    int replace;
    char queries_where[BL_PATH_MAX + BL_NAME_MAX + 16], database_where[BL_PATH_MAX + BL_NAME_MAX + 16];
    struct par_nearest_request request;
    struct par_truth_note note;
    int64_t n_queries, n_database;
    double begun;
};

static int parse(int argc, char **argv, struct task *task, struct bl_error *err)
{
    struct given given = {.k = "100", .metric = "l2", .threads = "1", .memory = "512"};
    int64_t threads, memory;
    int code = command_parse(argc, argv, options, &given, &task->data, 1, 1, NULL, err);
    if (code != BL_OK)
        return code;
    if (!given.queries || !given.database)
        return bl_fail(err, BL_USAGE, "neighbours needs %s SPLIT; see bitloom neighbours --help",
                       given.queries ? "--database" : "--queries");
    if (!bl_metric_find(given.metric, &task->request.metric))
        return bl_fail(err, BL_USAGE, "--metric must be l2, cosine or ip, not '%.40s'", given.metric);
    if ((code = command_integer("-k", given.k, 1, INT32_MAX, &task->request.k, err)) ||
        (code = command_integer("--threads", given.threads, 1, 1024, &threads, err)) ||
        (code = command_integer("--memory", given.memory, 1, 1 << 30, &memory, err)) ||
        (code = split_name_check(given.queries, err)) || (code = split_name_check(given.database, err)))
        return code;
    task->queries = given.queries;
    task->database = given.database;
    task->replace = given.force != NULL;
    task->request.threads = (int)threads;
    task->request.memory_bytes = memory * MIB;
    task->request.is_same = strcmp(given.queries, given.database) == 0;
    task->begun = bl_clock_seconds();
    snprintf(task->queries_where, sizeof task->queries_where, "%s, split '%s'", task->data, task->queries);
    snprintf(task->database_where, sizeof task->database_where, "%s, split '%s'", task->data, task->database);
    task->request.queries = task->queries_where;
    task->request.database = task->database_where;
    snprintf(task->note.database, sizeof task->note.database, "%s", task->database);
    snprintf(task->note.metric, sizeof task->note.metric, "%s", bl_metric_name(task->request.metric));
    task->note.k = task->request.k;
    return BL_OK;
}

/* Opens both splits, and closes them again: the file is replaced afterwards. */
static int search(struct par par, struct task *task, struct par_nearest *found, struct bl_error *err)
{
    struct par_dataset *queries = NULL, *database = NULL;
    int code = par_dataset_open(&queries, par, task->data, task->queries, err);
    if (code == BL_OK)
        code = par_dataset_open(&database, par, task->data, task->database, err);
    if (code == BL_OK)
        code = par_rows_digest(par, queries, task->note.queries_digest, err);
    if (code == BL_OK)
        code = par_rows_digest(par, database, task->note.database_digest, err);
    if (code == BL_OK)
        code = par_nearest_rows(par, queries, database, &task->request, found, err);
    if (code == BL_OK) {
        task->n_queries = dataset_split(queries)->rows;
        task->n_database = dataset_split(database)->rows;
    }
    par_dataset_close(database);
    par_dataset_close(queries);
    return code;
}

static void warn_of_zeros(const char *where, int64_t zeros)
{
    if (zeros > 0)
        bl_log_warn(
            "%s: %s of zeros only: under cosine at distance 1 from every row, so their neighbours mean nothing",
            where, bl_count(zeros, "row").text);
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct task task = {.data = NULL};
    struct par_nearest found = {0};
    char took[32];
    int code = parse(argc, argv, &task, err);
    if (code != BL_OK)
        return code; /* on all ranks */
    code = par_agree(
        par, par.rank == 0 ? truth_check_place(task.data, task.queries, task.replace, err) : BL_OK, err);
    if (code == BL_OK)
        code = search(par, &task, &found, err);
    if (code != BL_OK)
        return code;
    warn_of_zeros(task.queries_where, found.zero_queries);
    if (!task.request.is_same)
        warn_of_zeros(task.database_where, found.zero_rows);
    const struct par_truth_lists lists = {.lo = found.lo,
                                          .hi = found.hi,
                                          .n_global = task.n_queries,
                                          .database_rows = task.n_database,
                                          .rows = found.rows,
                                          .distances = found.distances};
    code = par_truth_store(par, task.data, task.queries, &task.note, &lists, task.replace, err);
    par_nearest_free(&found);
    if (code != BL_OK)
        return code;
    bl_duration(bl_clock_seconds() - task.begun, took, sizeof took);
    bl_log_say("%s: the %" PRId64 " nearest of %s of '%s' by %s, for each of %s, in %s", task.queries_where,
               task.request.k, bl_count(task.n_database, "row").text, task.database, task.note.metric,
               bl_count(task.n_queries, "row").text, took);
    return BL_OK;
}

const struct command command_neighbours = {
    .name = "neighbours",
    .summary = "find the true nearest rows, to measure codes by",
    .usage = "DATA --queries SPLIT --database SPLIT [-k K] [--metric l2|cosine|ip] [--force]\n",
    .text =
        "For each row of one split finds the K nearest rows of another by their features, exactly: keys are "
        "computed in double, and rows at equal distance come by their numbers. "
        "The result is the same on any number of ranks, threads and kernels.\n"
        "The lists are stored in DATA, as SPLIT/neighbors and SPLIT/distances of the queries' split; "
        "`bitloom evaluate --relevant neighbours` measures codes by them. "
        "DATA is replaced by a changed copy at the end: an interrupted command leaves it as it was. "
        "docs/neighbours.md has the details.\n",
    .operands = COMMAND_FILES,
    .options = options,
    .examples = "mpirun -n 2 bitloom neighbours fashion-mnist.h5 \\\n"
                "    --queries test --database train -k 100\n",
    .parallel = 1,
    .run = run,
};

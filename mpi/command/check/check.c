#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "loss/objective.h"
#include "mpi/command/check/check_columns.h"
#include "mpi/command/check/check_report.h"
#include "mpi/command/check/check_scale.h"
#include "mpi/command/command.h"
#include "mpi/command/run_config.h"
#include "mpi/command/run_path.h"
#include "mpi/files/count_labels.h"
#include "mpi/files/verify.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/placement.h"
#include "mpi/run/saved_state.h"

/* A pipe can only be a configuration: HDF5 needs to seek. */
static int is_config(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISFIFO(status.st_mode))
        return 1;
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* The number of classes decides the size of a classifier: those that occur are counted, as training does.
 * Every rank reads all labels by itself. */
static int count_classes(struct par_dataset *dataset, struct par_split *split, struct bl_label_count *count,
                         struct bl_error *err)
{
    int code = par_dataset_count_labels_local(dataset, count, err);
    if (code == BL_OK && split->labels.kind == BL_LABELS_SINGLE)
        split->labels.classes = count->distinct;
    return code;
}

/* Makes the report on a configuration. Rank 0 alone times BLAS and looks at the run folder; an error there
 * ends the command only after the plan is printed. */
static int check_config(struct par par, const char *path, const struct command_run_config *given,
                        const char *run_path, const struct check_cluster *cluster, json_t **report,
                        struct bl_error *err)
{
    char run_default[BL_PATH_MAX], data_path[BL_PATH_MAX];
    struct bl_config config;
    struct par_dataset *dataset = NULL;
    struct bl_label_count count;
    struct plan plan;
    int code = par_agree(par, command_read_config(path, given, &config, data_path, err), err);
    if (code == BL_OK)
        code = par_dataset_open(&dataset, par, data_path, config.data.train, err);
    if (code != BL_OK)
        return code;
    par_dataset_use_groups_local(dataset, config.objective.pairwise_similarity == BL_SIMILARITY_GROUP);
    struct par_split split = *dataset_split(dataset);
    /* With --ranks the plan is for the modelled ranks, otherwise for those that are here. */
    const int64_t ranks = cluster->ranks > 0 ? cluster->ranks : par.size, here = par_hosts(par);
    const int64_t hosts = cluster->ranks > 0 ? forecast_nodes(&cluster->cluster, &config, ranks) : here;
    if (config.data.residency == BL_RESIDENCY_STREAM)
        code = par_dataset_stream_check_local(dataset, err);
    if (code == BL_OK)
        code = count_classes(dataset, &split, &count, err);
    if (code == BL_OK)
        code =
            bl_objective_check_learns(&config.objective, config.model.heads * config.model.bits, &count, err);
    if (code == BL_OK)
        code = plan_make(&plan, &config, &split, ranks, hosts, err);
    code = par_agree(par, code, err);
    if (code == BL_OK && par.rank == 0) {
        command_run_folder_of(path, run_default, sizeof run_default);
        *report = check_report_plan(path, data_path, &config, &split, &plan);
        check_report_labels(*report, &count, split.n_class_names);
        code = check_columns(*report, dataset, &config, err);
        if (code == BL_OK)
            code = check_report_blas(*report, err);
        if (code == BL_OK && cluster->ranks > 0)
            code = check_scale(*report, cluster, &config, &split, err);
        if (code == BL_OK)
            code = check_report_run(*report, run_path ? run_path : run_default, &config, err);
        if (code == BL_OK)
            code = check_report_memory(*report, &plan, cluster->ranks > 0, err);
    }
    par_dataset_close(dataset);
    return code;
}

/* By rank 0. A checkpoint must also have everything that a run needs to continue; for a damaged one the
 * message names an intact one, unless it is only too new. */
static int check_file(const char *given, json_t **report, struct bl_error *err)
{
    char summary[300], path[COMMAND_RUN_PATH_MAX];
    int code = command_file_path(given, path, err);
    if (code != BL_OK)
        return code;
    code = verify_file(path, summary, sizeof summary, err);
    if (code == BL_OK && strncmp(summary, PAR_CHECKPOINT_FORMAT, strlen(PAR_CHECKPOINT_FORMAT)) == 0)
        code = par_saved_state_check_local(path, err);
    if (code == BL_INPUT && !checkpoint_is_newer(path))
        check_report_older(path, err);
    if (code != BL_OK)
        return code;
    *report = json_pack("{s:s, s:s, s:b}", "file", path, "summary", summary, "whole", 1);
    return *report ? BL_OK : bl_fail(err, BL_MEMORY, "out of memory: the report on %s", path);
}

static int print_report(const json_t *report, int as_json, struct bl_error *err)
{
    if (as_json) {
        char *text = json_dumps(report, JSON_COMPACT);
        if (!text)
            return bl_fail(err, BL_MEMORY, "out of memory: the report as JSON");
        printf("%s\n", text);
        free(text);
    } else {
        check_report_print(report);
    }
    return fflush(stdout) == 0 ? BL_OK : bl_fail_path(err, "write to", "standard output", errno);
}

struct given {
    struct command_run_config config;
    struct check_scale_text scale;
    const char *run, *json;
};

static const struct command_option options[] = {
    {.name = "--set|-s",
     .argument = "KEY=VALUE",
     .values = COMMAND_KEYS,
     .text = "override a key of the configuration",
     .at = offsetof(struct given, config),
     .each = command_add_set},
    {.name = "--run",
     .argument = "DIR",
     .values = COMMAND_FOLDERS,
     .text = "the run folder (default: runs/NAME for a configuration NAME.yaml)",
     .at = offsetof(struct given, run)},
    {.name = "--json", .text = "one JSON object on one line", .at = offsetof(struct given, json)},
    {.name = "--ranks",
     .argument = "P",
     .text = "the plan and the model for P ranks that needn't be there",
     .at = offsetof(struct given, scale.ranks)},
    {.name = "--network",
     .argument = "RATE",
     .text = "rate of a node's link, each way: 100Gb/s, 12.5GB/s, 800Mb/s (default 10Gb/s)",
     .at = offsetof(struct given, scale.network)},
    {.name = "--latency",
     .argument = "TIME",
     .text = "latency of a message between nodes: 2us, 0.05ms (default 20us)",
     .at = offsetof(struct given, scale.latency)},
    {.name = "--memory",
     .argument = "RATE",
     .text = "rate of a node's memory, moved by all its ranks together (default 200GB/s)",
     .at = offsetof(struct given, scale.memory)},
    {.name = "--gflops",
     .argument = "G",
     .text = "GFLOP/s of a rank while it computes, as the end of a run says it, instead of timing",
     .at = offsetof(struct given, scale.gflops)},
    {.name = "--cores-per-node",
     .argument = "C",
     .text = "cores of a node (default: the cores here); a rank takes train.threads of them",
     .at = offsetof(struct given, scale.cores_per_node)},
    {.name = "--nodes",
     .argument = "M",
     .text = "nodes (default: as few as have the cores)",
     .at = offsetof(struct given, scale.nodes)},
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    struct check_cluster cluster = {0};
    const char *path;
    json_t *report = NULL;
    struct bl_error ignored;
    int code = par_agree(par, command_parse(argc, argv, options, &given, &path, 1, 1, NULL, err), err);
    if (code == BL_OK)
        code = par_agree(par, check_scale_parse(&given.scale, &cluster, err), err);
    if (code != BL_OK)
        return code;
    if (is_config(path))
        code = check_config(par, path, &given.config, given.run, &cluster, &report, err);
    else if (given.config.n_sets > 0 || given.run || cluster.ranks > 0)
        code = bl_fail(err, BL_USAGE,
                       "--set, --run and --ranks are for a configuration (*.yaml, *.yml), which %s is not",
                       path);
    else if (par.rank == 0)
        code = check_file(path, &report, err);
    /* Also after a failure: what was found until then helps to understand it. */
    if (report) {
        int printed = print_report(report, given.json != NULL, code == BL_OK ? err : &ignored);
        code = code == BL_OK ? printed : code;
    }
    json_decref(report);
    return par_agree(par, code, err);
}

const struct command command_check = {
    .name = "check",
    .summary = "what a configuration would do and need, or whether a file is whole",
    .usage = "CONFIG [--set KEY=VALUE]... [--run DIR] [--json]\n"
             "CONFIG --ranks P [--network RATE] [--latency TIME] [--memory RATE] [--gflops G] "
             "[--cores-per-node C] [--nodes M] [--set KEY=VALUE]... [--json]\n"
             "FILE [--json]\n",
    .text =
        "A configuration (*.yaml, *.yml) is checked against its data set and run folder without training: "
        "the plan says rows, steps, parameters, memory per rank and bytes on the wire. "
        "Under mpirun it is the plan for that many ranks. "
        "Not looked at are the rows' values (training stops at NaN and Inf).\n"
        "Anything else is a file, a run folder standing for its model or else its newest checkpoint: every block is compared with its checksum. "
        "For a damaged checkpoint a whole one beside it is named.\n"
        "With --ranks it is the plan for P ranks that needn't be there, and a model of a step on 1, 2, 4 "
        "... P: time, efficiency, memory, and what limits them. "
        "A rank's own work is timed here, on one rank; "
        "docs/scaling.md says what the model knows and how far off it was. "
        "As at run time, P may not be above data.shards.\n",
    .operands = COMMAND_FILES,
    .options = options,
    .status = "0 all is well, otherwise what `train` would end with.\n",
    .examples = "mpirun -n 4 bitloom check configs/fashion-mnist.yaml\n"
                "bitloom check configs/fashion-mnist.yaml --ranks 16 --network 25Gb/s\n"
                "bitloom check runs/fashion-mnist/checkpoints/step-00001000.h5\n",
    .parallel = 1,
    .run = run,
};

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "mpi/command/check/check_report.h"
#include "mpi/command/check/check_scale.h"
#include "mpi/command/command.h"
#include "mpi/command/run_config.h"
#include "mpi/files/verify.h"
#include "mpi/ranks/agree.h"
#include "mpi/ranks/placement.h"
#include "mpi/rows/dense_labels.h"
#include "mpi/run/saved_state.h"

static int is_config(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* A file is checked without it, and so is a plan for ranks that aren't there: also where MPI can't start, on
 * a login node. */
static int needs_mpi(int argc, char **argv)
{
    int any = 0, models = 0;
    for (int i = 1; i < argc; i++) {
        any |= is_config(argv[i]);
        models |= strncmp(argv[i], "--ranks", 7) == 0;
    }
    return any && !models;
}

/* Training numbers the classes that occur; where the file names none, they are counted, since a classifier's
 * parameters depend on them. Every rank reads all labels. */
static int count_classes(struct par_dataset *dataset, struct par_split *split, struct bl_error *err)
{
    uint32_t *labels = NULL;
    if (split->labels.kind != BL_LABELS_SINGLE || split->labels.classes > 0)
        return BL_OK;
    int code = bl_alloc(&labels, split->rows, sizeof *labels, "labels", err);
    if (code == BL_OK)
        code = par_dataset_read_local(dataset, 0, split->rows, NULL, labels, NULL, err);
    if (code == BL_OK)
        code = par_dense_labels(par_alone(), split->rows, labels, &split->labels.classes, err);
    bl_free(&labels);
    return code;
}

/* Rank 0 looks at the run folder; what it finds wrong ends the command after the plan has been shown. */
static int check_config(struct par par, const char *path, const struct command_run_config *given,
                        const char *run_path, const struct check_cluster *cluster, json_t **report,
                        struct bl_error *err)
{
    char run_default[BL_PATH_MAX], data_path[BL_PATH_MAX];
    struct bl_config config;
    struct par_dataset *dataset = NULL;
    struct plan plan;
    int code = par_agree(par, command_read_config(path, given, &config, data_path, err), err);
    if (code == BL_OK)
        code = par_dataset_open(&dataset, par, data_path, config.data.train, err);
    if (code != BL_OK)
        return code;
    par_dataset_choose_local(dataset, config.objective.pairwise_similarity == BL_SIMILARITY_GROUP);
    struct par_split split = *par_dataset_split(dataset);
    const int64_t ranks = cluster->ranks > 0 ? cluster->ranks : par.size, here = par_hosts(par);
    const int64_t hosts = cluster->ranks > 0 ? forecast_nodes(&cluster->cluster, &config, ranks) : here;
    if (config.data.residency == BL_RESIDENCY_STREAM)
        code = par_dataset_stream_check_local(dataset, err);
    if (code == BL_OK)
        code = count_classes(dataset, &split, err);
    if (code == BL_OK)
        code = plan_make(&plan, &config, &split, ranks, hosts, err);
    code = par_agree(par, code, err);
    if (code == BL_OK && par.rank == 0) {
        command_run_folder_of(path, run_default, sizeof run_default);
        *report = check_report_plan(path, data_path, &config, &split, &plan);
        code = check_report_blas(*report, err);
        if (code == BL_OK && cluster->ranks > 0)
            code = check_scale(*report, cluster, &config, &split, err);
        if (code == BL_OK)
            code = check_report_run(*report, run_path ? run_path : run_default, &config, err);
    }
    par_dataset_close(dataset);
    return code;
}

static int check_file(const char *path, json_t **report, struct bl_error *err)
{
    char summary[300];
    int code = verify_file(path, summary, sizeof summary, err);
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
    return fflush(stdout) == 0 ? BL_OK : bl_fail_path(err, "write", "standard output", errno);
}

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct command_run_config given = {0};
    struct check_scale_text scale = {0};
    struct check_cluster cluster = {0};
    const char *run_path = NULL, *as_json = NULL, *path;
    const struct command_option options[] = {
        {"--set|-s", 1, NULL, command_add_set, &given},
        {"--run", 1, &run_path, NULL, NULL},
        {"--json", 0, &as_json, NULL, NULL},
        {"--ranks", 1, &scale.ranks, NULL, NULL},
        {"--network", 1, &scale.network, NULL, NULL},
        {"--latency", 1, &scale.latency, NULL, NULL},
        {"--memory", 1, &scale.memory, NULL, NULL},
        {"--gflops", 1, &scale.gflops, NULL, NULL},
        {"--cores-per-node", 1, &scale.cores_per_node, NULL, NULL},
        {"--nodes", 1, &scale.nodes, NULL, NULL},
    };
    json_t *report = NULL;
    struct bl_error ignored;
    int code = par_agree(par, command_parse(argc, argv, options, 10, &path, 1, 1, NULL, err), err);
    if (code == BL_OK)
        code = par_agree(par, check_scale_parse(&scale, &cluster, err), err);
    if (code != BL_OK)
        return code;
    if (is_config(path))
        code = check_config(par, path, &given, run_path, &cluster, &report, err);
    else if (given.n_sets > 0 || run_path || cluster.ranks > 0)
        code =
            bl_fail(err, BL_USAGE,
                    "--set, --run and --ranks are for a configuration, and %s is none (*.yaml, *.yml)", path);
    else if (par.rank == 0)
        code = check_file(path, &report, err);
    if (report) {
        int printed = print_report(report, as_json != NULL, code == BL_OK ? err : &ignored);
        code = code == BL_OK ? printed : code;
    }
    json_decref(report);
    return par_agree(par, code, err);
}

const struct command command_check = {
    .name = "check",
    .summary = "what a configuration would do and need, or whether a file is whole",
    .help =
        "usage: bitloom check CONFIG [--set KEY=VALUE]... [--run DIR] [--json]\n"
        "       bitloom check CONFIG --ranks P [--network RATE] [--latency TIME] [--memory RATE]\n"
        "                     [--gflops G] [--cores-per-node C] [--nodes M] [--set KEY=VALUE]... [--json]\n"
        "       bitloom check FILE [--json]\n"
        "\n"
        "A configuration (*.yaml, *.yml) is checked against its data set and run folder without "
        "training: the "
        "plan\n"
        "says rows, steps, parameters, memory per rank and bytes on the wire. Under mpirun it is the "
        "plan for\n"
        "that many ranks. Not looked at are the rows' values (training stops at NaN and Inf).\n"
        "Anything else is a file: every block is compared with its checksum. For a damaged checkpoint a "
        "whole "
        "one\n"
        "beside it is named.\n"
        "\n"
        "  --set KEY=VALUE  override a key of the configuration\n"
        "  --run DIR        the run folder (default: runs/NAME for a configuration NAME.yaml)\n"
        "  --json           one JSON object on one line\n"
        "\n"
        "With --ranks it is the plan for P ranks that needn't be there, and a model of a step on 1, 2, 4 ... "
        "P: time,\n"
        "efficiency, memory, and what limits them. A rank's own work is timed here, on one rank; "
        "docs/scaling.md\n"
        "says what the model knows and how far off it was. As at run time, P may not be above "
        "data.shards.\n"
        "\n"
        "  --network RATE   of a node's link, each way: 100Gb/s, 12.5GB/s, 800Mb/s (default 10Gb/s)\n"
        "  --latency TIME   of a message between nodes: 2us, 0.05ms (default 20us)\n"
        "  --memory RATE    of a node's memory, moved by all its ranks together (default 200GB/s)\n"
        "  --gflops G       of a rank while it computes, as the end of a run says it, instead of timing\n"
        "  --cores-per-node C  (default: the cores here); a rank takes train.threads of them\n"
        "  --nodes M        (default: as few as have the cores)\n"
        "\n"
        "status: 0 all is well, otherwise what `train` would end with (docs/errors.md)\n"
        "\n"
        "example:\n"
        "  mpirun -n 4 bitloom check configs/fashion-mnist.yaml\n"
        "  bitloom check configs/fashion-mnist.yaml --ranks 16 --network 25Gb/s --cores-per-node 4\n"
        "  bitloom check runs/fashion-mnist/checkpoints/step-00001000.h5\n",
    .parallel = 1,
    .needs_mpi = needs_mpi,
    .run = run,
};

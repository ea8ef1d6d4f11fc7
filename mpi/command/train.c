#include <stdio.h>
#include <string.h>

#include "io/config_file.h"
#include "mpi/command/command.h"
#include "mpi/command/launcher.h"
#include "mpi/command/run_config.h"
#include "mpi/command/run_path.h"
#include "mpi/process/detach.h"
#include "mpi/ranks/agree.h"
#include "mpi/run/train.h"

/* --max-hours H is short for --set train.max_hours=H, whose text must live as long as `set`. */
static int add_max_hours(struct command_run_config *given, const char *hours, char set[64],
                         struct bl_error *err)
{
    double ignored;
    int code = hours ? command_real("--max-hours", hours, 0.0, 1e6, &ignored, err) : BL_OK;
    if (hours && code == BL_OK) {
        snprintf(set, 64, "train.max_hours=%.40s", hours);
        command_add_set(given, set);
    }
    return code;
}

struct given {
    struct command_run_config config;
    const char *run, *init, *fresh, *max_hours, *detach;
};

static const struct command_option options[] = {
    {.name = "--set|-s",
     .argument = "KEY=VALUE",
     .values = COMMAND_KEYS,
     .text = "override a key of the configuration, like train.epochs=30; any number of times",
     .at = offsetof(struct given, config),
     .each = command_add_set},
    {.name = "--run",
     .argument = "DIR",
     .values = COMMAND_FOLDERS,
     .text = "the run folder (default: runs/NAME for a configuration NAME.yaml)",
     .at = offsetof(struct given, run)},
    {.name = "--fresh",
     .text =
         "start over; checkpoints, log and curves of an earlier run are removed, its model when the new run "
         "has finished",
     .at = offsetof(struct given, fresh)},
    {.name = "--init",
     .argument = "MODEL",
     .values = COMMAND_FILES,
     .text = "start from the parameters of a model, or a run folder's, with the same layers",
     .at = offsetof(struct given, init)},
    {.name = "--max-hours",
     .argument = "H",
     .text = "stop in time to be over after H hours, with a checkpoint and status 75 "
             "(the end of a Slurm job, SLURM_JOB_END_TIME, is heeded anyway)",
     .at = offsetof(struct given, max_hours)},
    {.name = "--detach",
     .text = "once the run has started, let go of the terminal and say how to follow it; for one process",
     .at = offsetof(struct given, detach)},
    COMMAND_OPTIONS_END,
};

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct given given = {0};
    const char *config_path;
    char run_default[BL_PATH_MAX], data_path[BL_PATH_MAX], init[COMMAND_RUN_PATH_MAX], set[64];
    struct bl_config config;
    int code = command_parse(argc, argv, options, &given, &config_path, 1, 1, NULL, err);
    if (code == BL_OK)
        code = add_max_hours(&given.config, given.max_hours, set, err);
    if (code == BL_OK)
        code = command_read_config(config_path, &given.config, &config, data_path, err);
    if (code == BL_OK && given.init)
        code = command_model_path(given.init, init, err);
    if (code == BL_OK && given.detach && par.comm != MPI_COMM_NULL)
        code =
            bl_fail(err, BL_USAGE,
                    "--detach is for one process; detach the launcher instead: setsid mpirun ... </dev/null "
                    ">FILE 2>&1 &");
    code = par_agree(par, code, err); /* each rank read the configuration by itself */
    if (code != BL_OK)
        return code;
    command_run_folder_of(config_path, run_default, sizeof run_default);
    struct par_train_options train = {.config = &config,
                                      .config_path = config_path,
                                      .data_path = data_path,
                                      .run_path = given.run ? given.run : run_default,
                                      .init_path = given.init ? init : NULL,
                                      .fresh = given.fresh != NULL};
    command_read_job(&train.job);
    code = given.detach ? detach_begin(train.run_path, err) : BL_OK;
    return code == BL_OK ? par_train(par, &train, err) : code;
}

const struct command command_train = {
    .name = "train",
    .summary = "train a model, or continue a run where it stopped",
    .usage = "CONFIG [--set KEY=VALUE]... [--run DIR] [--fresh] [--init MODEL] [--max-hours H] [--detach]\n",
    .text =
        "Trains by the configuration and leaves a run folder: model.h5, config.yaml, train.log, "
        "metrics.jsonl, checkpoints/. "
        "Started again on the same folder it continues from the newest whole checkpoint, on any number of "
        "ranks up to data.shards.\n"
        "SIGUSR1 writes a checkpoint; SIGUSR2, SIGTERM, SIGHUP (a closed window) or Ctrl-C write one and stop.\n",
    .operands = COMMAND_CONFIGS,
    .options = options,
    .status = "0 finished, 75 stopped on request with a complete checkpoint (start again to continue); "
              "`bitloom help` lists the others.\n",
    .examples = "mpirun -n 2 bitloom train configs/fashion-mnist.yaml --set train.epochs=5\n",
    .parallel = 1,
    .work = SIGNALS_RUN,
    .run = run,
};

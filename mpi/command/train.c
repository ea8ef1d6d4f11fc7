#include <stdio.h>
#include <string.h>

#include "io/config_file.h"
#include "mpi/command/command.h"
#include "mpi/command/launcher.h"
#include "mpi/command/run_config.h"
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

static int run(struct par par, int argc, char **argv, struct bl_error *err)
{
    struct command_run_config given = {0};
    const char *run_path = NULL, *init_path = NULL, *fresh = NULL, *max_hours = NULL;
    const char *config_path;
    const struct command_option options[] = {
        {"--set|-s", 1, NULL, command_add_set, &given}, /* may be repeated */
        {"--run", 1, &run_path, NULL, NULL},
        {"--init", 1, &init_path, NULL, NULL},
        {"--fresh", 0, &fresh, NULL, NULL},
        {"--max-hours", 1, &max_hours, NULL, NULL},
    };
    char run_default[BL_PATH_MAX], data_path[BL_PATH_MAX], set[64];
    struct bl_config config;
    int code = command_parse(argc, argv, options, 5, &config_path, 1, 1, NULL, err);
    if (code == BL_OK)
        code = add_max_hours(&given, max_hours, set, err);
    if (code == BL_OK)
        code = command_read_config(config_path, &given, &config, data_path, err);
    code = par_agree(par, code, err); /* each rank read the configuration by itself */
    if (code != BL_OK)
        return code;
    command_run_folder_of(config_path, run_default, sizeof run_default);
    struct par_train_options train = {.config = &config,
                                      .data_path = data_path,
                                      .run_path = run_path ? run_path : run_default,
                                      .init_path = init_path,
                                      .fresh = fresh != NULL};
    command_read_job(&train.job);
    return par_train(par, &train, err);
}

const struct command command_train = {
    .name = "train",
    .summary = "train a model, or continue a run where it stopped",
    .help = "usage: bitloom train CONFIG [--set KEY=VALUE]... [--run DIR] [--fresh] [--init MODEL]\n"
            "                     [--max-hours H]\n"
            "\n"
            "Trains by the configuration and leaves a run folder: model.h5, config.yaml, train.log, "
            "metrics.jsonl,\n"
            "checkpoints/. Started again on the same folder it continues from the newest whole checkpoint, "
            "on any\n"
            "number of ranks up to data.shards.\n"
            "\n"
            "  --set KEY=VALUE  override a key of the configuration, e.g. --set train.epochs=30\n"
            "  --run DIR        the run folder (default: runs/NAME for a configuration NAME.yaml)\n"
            "  --fresh          start over; what the folder holds of an earlier run is removed\n"
            "  --init MODEL     start from the parameters of a model with the same layers\n"
            "  --max-hours H    stop in time to be over after H hours, with a checkpoint and status 75\n"
            "                   (the end of a Slurm job, SLURM_JOB_END_TIME, is heeded anyway)\n"
            "\n"
            "status: 0 finished, 75 stopped on request with a whole checkpoint (start again to continue), "
            "others:\n"
            "docs/errors.md. SIGUSR1 writes a checkpoint, SIGUSR2, SIGTERM or Ctrl-C write one and stop.\n"
            "\n"
            "example:\n"
            "  mpirun -n 2 bitloom train configs/fashion-mnist.yaml --set train.epochs=5\n",
    .parallel = 1,
    .heeds_signals = 1,
    .run = run,
};

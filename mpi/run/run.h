/* A training run, for the files that make it up: run_start begins it, run_checkpoint saves it, run_judge
 * says how good it is and when it has had enough, train.c is the loop. */
#ifndef PAR_RUN_RUN_H
#define PAR_RUN_RUN_H

#include "mpi/process/phases.h"
#include "mpi/run/checkpoint_writer.h"
#include "mpi/run/deadline.h"
#include "mpi/run/earlier_run.h"
#include "mpi/run/loss_sums.h"
#include "mpi/run/run_folder.h"
#include "mpi/run/run_state.h"
#include "mpi/run/train.h"
#include "mpi/run/train_report.h"
#include "mpi/step/step.h"

/* Why a checkpoint is written: the key that is there for it, or a request or the run's end. */
enum checkpoint_cause { CHECKPOINT_BY_STEPS, CHECKPOINT_BY_MINUTES, CHECKPOINT_WANTED, CHECKPOINT_CAUSES };

/* Everything that a run owns. Each rank has its part of data and step; a node's ranks share state, and
 * parts of the step, in windows; rank 0 holds the folder's lock and its files. Parts point at each other,
 * so it stays where it is. */
struct run {
    struct par par;
    struct par_traffic traffic;              /* what this rank has sent and received; par counts here */
    const struct par_train_options *options; /* borrowed */
    const struct bl_config *config;          /* borrowed */
    char *config_text;                       /* all keys, as checkpoints have them: paths absolute; owned */
    double started_s;
    enum earlier_run earlier; /* in the folder, where there is no checkpoint or it is to go; on rank 0 */
    int resumed;              /* from a checkpoint */
    int begun;                /* its files are there */

    struct par_run_folder folder;
    struct phases phases; /* where this rank's time goes */
    struct par_train_data data;
    struct par_nodes nodes;
    struct par_run_state state; /* what a checkpoint holds */
    struct par_step step;
    struct par_loss_sums losses;
    struct train_report report;
    struct deadline deadline;

    struct par_checkpoint_writer writer;
    struct {
        double begun_s;  /* when the latest was begun; before the first one, when the steps were */
        int64_t step;    /* of the latest; -1: none by this process */
        double waited_s; /* how long steps have waited for it */
        enum checkpoint_cause cause;
        double waited_by_s[CHECKPOINT_CAUSES]; /* sums by cause */
    } checkpoint;
    int64_t looked_at_step;  /* the step of the last look at codes that can't be evaluated; 0: none */
    const char *stop_reason; /* NULL: go on */
};

#endif

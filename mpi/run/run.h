/* What a training run owns, for the files that make one up: train_start.c begins it, train.c does the rest.
 */
#ifndef PAR_RUN_RUN_H
#define PAR_RUN_RUN_H

#include "mpi/run/checkpoint_writer.h"
#include "mpi/run/deadline.h"
#include "mpi/run/run_folder.h"
#include "mpi/run/train.h"
#include "mpi/run/train_report.h"
#include "mpi/step/step.h"

/* Everything that a run owns. */
struct run {
    struct par par;
    struct par_traffic traffic;
    const struct par_train_options *options;
    const struct bl_config *config;
    char *config_text;
    struct par_run_folder folder;
    struct par_train_data data;
    struct par_nodes nodes;
    struct par_run_state state;
    struct phases phases; /* where this rank's time goes */
    struct par_step step;
    struct par_train_report report;
    struct deadline deadline;
    double started_s, last_checkpoint_s;
    int64_t last_checkpoint_step; /* -1: none by this process */
    struct par_checkpoint_writer writer;
    struct {
        char path[PAR_RUN_PATH_MAX];
        int64_t step;
        uint64_t digest;
        double begun_s, waited_s; /* waited_s: how long steps did */
    } pending;                    /* the checkpoint on its way */
    int resumed;
    const char *stop_reason; /* NULL: go on */
};

/* From its options to the first step: folder, data, state and step, a checkpoint or first parameters, files.
 * Collective; agreed. Errors: those of all of these; par_run_free_state and the rest of par_train end it in
 * any case. */
int par_run_start(struct run *run, struct bl_error *err);

/* What par_run_start shared between ranks. Collective over the node, safe twice. */
void par_run_free_state(struct run *run);

#endif

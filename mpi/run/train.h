/* Training: from a configuration to a model in a run folder. */
#ifndef PAR_RUN_TRAIN_H
#define PAR_RUN_TRAIN_H

#include "config/config.h"
#include "mpi/ranks/comm.h"
#include "mpi/run/job.h"

struct par_train_options {
    const struct bl_config *config;
    const char *config_path; /* the file that it came from: its relative paths are below this one's folder */
    const char *data_path;   /* config->data.file, resolved */
    const char *run_path;    /* the run folder */
    const char *init_path;   /* start from this model; NULL: from the seed */
    int fresh;               /* start over */
    struct job job;          /* of rank 0 */
};

/* Trains, or continues the run in the folder. Collective. Returns BL_OK when the run is finished (also if it
 * was already), BL_STOPPED when it stopped on request or deadline with a complete checkpoint, or an agreed
 * error; the folder then keeps its newest good checkpoint. Leaves model.h5: the best model by the held-out
 * rows, or the last without them. */
int par_train(struct par par, const struct par_train_options *options, struct bl_error *err);

#endif

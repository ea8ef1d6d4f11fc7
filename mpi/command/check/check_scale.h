/* `check --ranks`: models a training step on ranks and nodes that needn't exist. Everything here is local,
 * for the rank that reports. */
#ifndef PAR_COMMAND_CHECK_CHECK_SCALE_H
#define PAR_COMMAND_CHECK_CHECK_SCALE_H

#include <jansson.h>

#include "base/error.h"
#include "config/config.h"
#include "mpi/plan/forecast.h"

/* The options as given, borrowed; NULL: not given. */
struct check_scale_text {
    const char *ranks, *network, *latency, *memory, *gflops, *cores_per_node, *nodes;
};

/* The cluster to model. */
struct check_cluster {
    int64_t ranks; /* 0: nothing is modelled */
    struct cluster cluster;
};

/* Reads the options. Errors: BL_USAGE, naming the option; also for any of the others without --ranks. */
int check_scale_parse(const struct check_scale_text *text, struct check_cluster *to, struct bl_error *err);

/* Adds "scale" to the report: the assumptions, a row for each of 1, 2, 4 ... ranks, and a sentence as
 * verdict. Errors: those of plan_make and forecast_step. */
int check_scale(json_t *report, const struct check_cluster *to, const struct bl_config *config,
                const struct par_split *split, struct bl_error *err);

#endif

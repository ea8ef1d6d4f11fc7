/* `check --ranks`: the model of a step on ranks that needn't be there. Local to the rank that reports. */
#ifndef PAR_COMMAND_CHECK_CHECK_SCALE_H
#define PAR_COMMAND_CHECK_CHECK_SCALE_H

#include <jansson.h>

#include "base/error.h"
#include "config/config.h"
#include "mpi/plan/forecast.h"

/* The options as written; NULL: not given. */
struct check_scale_text {
    const char *ranks, *network, *latency, *memory, *gflops, *cores_per_node, *nodes;
};

struct check_cluster {
    int64_t ranks; /* 0: nothing to model */
    struct cluster cluster;
};

/* Errors: BL_USAGE naming the option, also when one of the others stands without --ranks. */
int check_scale_parse(const struct check_scale_text *text, struct check_cluster *to, struct bl_error *err);

/* Adds "scale" to the report: what was assumed, a row for 1, 2, 4 ... ranks, a sentence as verdict. Errors:
 * those of plan_make and forecast_step. */
int check_scale(json_t *report, const struct check_cluster *to, const struct bl_config *config,
                const struct par_split *split, struct bl_error *err);

#endif

/* How long a step would take on ranks that aren't there: a rank's own part timed here (cost/trial.h), what
 * travels from the plan, and a model of the network (cost/wire.h). docs/scaling.md says how good it is. */
#ifndef PAR_PLAN_FORECAST_H
#define PAR_PLAN_FORECAST_H

#include "cost/wire.h"
#include "mpi/plan/plan.h"

struct cluster {
    struct bl_link network;
    struct bl_link memory; /* of a node */
    int64_t cores_per_node;
    int64_t nodes; /* 0: as many as the ranks' threads need */
    double gflops; /* of a rank while it computes, as a run's summary says it; 0: timed here */
};

enum forecast_limit {
    LIMIT_NONE,
    LIMIT_BATCH,   /* too few rows a rank: blocks too small for the products, work that doesn't shrink */
    LIMIT_NETWORK, /* exchange between nodes */
    LIMIT_MEMORY,  /* exchange within a node: its ranks read each other's gradients */
    LIMIT_CORES    /* more threads than cores */
};

/* "", "batch", "network", "memory", "cores". */
const char *forecast_limit_name(enum forecast_limit limit);

struct forecast {
    int64_t ranks, nodes, rows;                     /* rows of a batch on the rank that has most */
    int64_t memory_bytes, node_memory_bytes;        /* of the rank, and of the node, that needs most */
    int64_t link_bytes;                             /* into the node that receives most */
    double rows_s, update_s, compute_s;             /* compute: rows and update */
    double codes_s, sums_s, gradient_s, meetings_s; /* exchange, by what it is for */
    double exchange_s;                              /* their sum */
    double step_s;
    double rows_per_s;         /* of all ranks */
    double gflops;             /* of a rank while it computes */
    double efficiency;         /* of step_s against one rank's, 1 is best */
    enum forecast_limit limit; /* the largest loss, below an efficiency of 0.8 */
};

/* Over how many nodes so many ranks are spread. Local. */
int64_t forecast_nodes(const struct cluster *cluster, const struct bl_config *config, int64_t ranks);

/* The forecast for a plan. one: the forecast for 1 rank, to which efficiency refers; NULL: this is it. Local.
 * Errors: those of bl_trial_run. */
int forecast_step(struct forecast *forecast, const struct cluster *cluster, const struct bl_config *config,
                  const struct par_split *split, const struct plan *plan, const struct forecast *one,
                  struct bl_error *err);

#endif

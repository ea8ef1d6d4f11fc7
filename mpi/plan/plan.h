/* What a training run will do and need, from its configuration and the shape of its data: arithmetic alone,
 * nothing is read or allocated for it. */
#ifndef PAR_PLAN_PLAN_H
#define PAR_PLAN_PLAN_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "mpi/files/dataset.h"
#include "mpi/ranks/traffic.h"
#include "mpi/rows/batches.h"

struct plan {
    int64_t ranks, hosts;
    int64_t nodes;      /* what shares memory: hosts, filled evenly; under train.shared: off each rank */
    int64_t node_ranks; /* of the largest node */
    int64_t lanes;      /* ranks of the smallest: mpi/ranks/nodes.h */

    /* rows of the train split, before rows that aren't finite are dropped */
    int64_t n_train, n_validation;
    int64_t shard_rows_min; /* training rows of the smallest shard */
    int64_t window_rows;    /* most of a shard's window; 0: features are in memory */

    int64_t layers, parameters, bits; /* bits: of the whole code */

    int64_t batch_rows; /* of a batch, on the rank that has most */
    struct batches batches;
    int64_t steps, warmup_steps; /* of the run */
    int64_t groups;              /* of reduction: exact; 0 under fast */

    /* of the rank that needs most; the libraries' own memory is not in it */
    int64_t data_bytes;  /* its shards: features or windows of them, labels, orders */
    int64_t batch_bytes; /* its rows of a batch: features, activations, codes, their gradients, tiles, terms'
                            work space */
    int64_t parameter_bytes; /* its gradient, and its share of a copy for checkpoints */
    int64_t gather_bytes;    /* gradients of codes, where pairs are visited once */
    int64_t codes_bytes;     /* with a memory of codes: lengths, and its share of a copy */

    /* once on each node, of which these are the largest */
    int64_t shared_parameter_bytes; /* parameters, the best so far, the optimiser's states */
    int64_t shared_gather_bytes;    /* codes and labels of the global batch */
    int64_t shared_codes_bytes; /* the memory of codes: codes and labels of all training rows; 0 without */
    int64_t start_bytes;        /* not in the sum: what model.init needs before the first step */

    int gathers;            /* whether codes travel */
    int64_t gathered_bytes; /* codes and labels of a batch; 0 if they don't */
    int once;               /* whether each pair of a node's rows is visited once */
    int64_t sums;           /* numbers that terms sum over the batch in a step */

    struct par_traffic traffic; /* of a step, for the rank that receives most; 0 on one node */
    int64_t link_sent_bytes, link_received_bytes; /* of a step, through the link of the node that has most */
};

/* Plans a run of `config` on `ranks` ranks of `hosts` hosts over a split. Local. Errors, those that training
 * would end with: BL_USAGE more ranks than shards, more shards than rows, a shard with too few rows for the
 * batch, too many inputs for model.init, labels that the objective needs and the split has not. */
int plan_make(struct plan *plan, const struct bl_config *config, const struct par_split *split, int64_t ranks,
              int64_t hosts, struct bl_error *err);

/* What rank `rank` sends and receives in a step: exactly what the step will count. Local. */
struct par_traffic plan_traffic(const struct plan *plan, const struct bl_config *config,
                                const struct par_split *split, int rank);

/* Ranks [*lo, *hi) of a node. Local. */
void plan_node(const struct plan *plan, int64_t node, int64_t *lo, int64_t *hi);

/* All memory that the rank that needs most has before it: its own, and what its node shares; and that of a
 * whole node. Local. */
int64_t plan_memory(const struct plan *plan);
int64_t plan_node_memory(const struct plan *plan);

#endif

/* Where each unordered pair of a node's rows is visited once (loss/pair_visit.h): a rank then computes
 * gradients for rows of the node's other ranks too, which read them from its part of a window. Pairs of
 * rows on different nodes are visited on both, so nothing comes back between nodes. */
#ifndef PAR_STEP_PAIR_RETURN_H
#define PAR_STEP_PAIR_RETURN_H

#include "config/config.h"
#include "mpi/ranks/nodes.h"
#include "mpi/ranks/window.h"

struct par_pair_return {
    const struct par_nodes *nodes;            /* borrowed */
    int64_t bits, n_local, n_node, own_first; /* own rows begin at own_first of the node's n_node */
    int64_t part_bytes;
    struct par_window window; /* of each rank: [threads, n_node, K] */
    float *part;              /* this rank's; NULL: pairs are visited twice */
    uint8_t *reaches;         /* [node size] whether that rank has something for this one's rows; owned */
};

/* Whether a run visits pairs of a batch of n_global rows once: train.pairs, or under auto where it pays.
 * Local. */
int par_pair_return_wanted_local(const struct bl_config *config, int64_t n_global);

/* rows [size + 1]: rank r's are [rows[r], rows[r+1]) of the batch. Borrows nodes. Collective; agreed. Errors:
 * BL_MEMORY, PAR_NO_WINDOW. par_pair_return_free is collective over the node, safe twice and on zeros. */
int par_pair_return_init(struct par_pair_return *pairs, const struct par_nodes *nodes, const int64_t *rows,
                         int64_t bits, int threads, struct bl_error *err);
void par_pair_return_free(struct par_pair_return *pairs);

/* Each rank's part holds the gradients it computed for the node's rows, [n_node, K]. Adds what all parts
 * have for own rows to dh [n_local, K], in the order of ranks. Collective over the node. */
void par_pair_return_add(struct par_pair_return *pairs, float *dh);

/* Bytes of a rank's part. Local. */
int64_t par_pair_return_bytes_local(int64_t n_node, int64_t bits, int64_t threads);

#endif

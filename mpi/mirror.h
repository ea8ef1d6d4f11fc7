/* Where each unordered pair of a batch is visited once (loss/pair_visit.h): the gradients that a rank has
 * computed for others' rows come home. A rank sends to the ranks that hold the half of the circle of blocks
 * behind its own: at most N K floats leave it, about half of that. */
#ifndef PAR_MIRROR_H
#define PAR_MIRROR_H

#include "config/config.h"
#include "mpi/collective.h"

struct par_mirror {
    int64_t bits, n_local;
    int64_t most;    /* floats: no part of any rank ends beyond */
    int n_received;  /* ranks that send something */
    float *received; /* [n_received, n_local, K] in the order of ranks; owned */
    struct par_parts out, in;
};

/* Whether a run visits each pair of a batch of n_global rows once: train.pairs, or under auto where it pays.
 * Local. */
int par_mirror_wanted_local(const struct bl_config *config, int64_t n_global);

/* rows [size + 1]: rank r's are [rows[r], rows[r+1]) of the batch. Local. Errors: BL_MEMORY. par_mirror_free
 * is safe twice. */
int par_mirror_init_local(struct par_mirror *mirror, struct par par, const int64_t *rows, int64_t bits,
                          struct bl_error *err);
void par_mirror_free(struct par_mirror *mirror);

/* gradients [n_global, K] of all rows as this rank has computed them: what ranks have for this one's rows is
 * added to dh [n_local, K], in the order of ranks. Collective. */
void par_mirror_add(struct par_mirror *mirror, struct par par, const float *gradients, float *dh);

#endif

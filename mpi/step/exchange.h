/* What travels between a step's forward and its backward pass. In the order of a step:
 *
 *   labels  by themselves only where codes are nonblocking (train.overlap): sent before the forward pass;
 *   codes   of all rows, with their labels and places in a memory, into every node's one copy
 *           (mpi/step/gather.h); nonblocking, they are sent behind the sums and arrive while the pairs of the
 *           own node's rows are visited;
 *   sums    over the batch that terms ask for (mpi/step/sums.h);
 *   pairs   where each pair of a node's rows is visited once: the gradients that its other ranks computed
 *           for this rank's rows (mpi/step/pair_return.h).
 *
 * Nothing else comes back: the gradient of an own row needs the codes of all rows and no other rank's
 * gradients (docs/mathematics.md, why one allgather is exact). The gradient of the parameters travels in
 * mpi/step/gradient.h. */
#ifndef PAR_STEP_EXCHANGE_H
#define PAR_STEP_EXCHANGE_H

#include "loss/objective.h"
#include "mpi/process/phases.h"
#include "mpi/ranks/nodes.h"
#include "mpi/step/batch.h"
#include "mpi/step/code_memory.h"
#include "mpi/step/gather.h"
#include "mpi/step/pair_return.h"
#include "mpi/step/sums.h"

struct par_exchange {
    const struct par_nodes *nodes;  /* borrowed */
    struct phases *phases;          /* borrowed: time spent here is that of PHASE_GATHER */
    struct par_code_memory *memory; /* borrowed; no rows: rows are paired with their batch */
    int wants_codes;                /* whether any term needs codes of other rows */
    struct par_gather gather;
    struct par_sums sums;
    struct par_pair_return pairs; /* empty where pairs are visited twice */
    struct bl_arrival arrival;    /* how the objective waits for codes that are on their way */
};

/* What an exchange is for; all borrowed. */
struct par_exchange_parts {
    const struct bl_config *config;
    struct phases *phases;
    struct par_code_memory *memory;
    struct bl_objective *objective; /* told to visit pairs once where that pays */
    int64_t n_local, label_words;   /* own rows of a batch, words of their labels */
    int in_flight;                  /* overlap.codes */
};

/* Borrows nodes and parts' pointers; *exchange stays where it is. Collective; agreed. Errors: BL_MEMORY,
 * PAR_NO_WINDOW; the objective is then to be freed. par_exchange_free is collective over the node, safe
 * twice and on zeros. */
int par_exchange_init(struct par_exchange *exchange, const struct par_nodes *nodes,
                      const struct par_exchange_parts *parts, struct bl_error *err);
void par_exchange_free(struct par_exchange *exchange);

/* Where the codes of own rows go before par_exchange_codes, [n_local] rows of gather.stride floats. Local. */
float *par_exchange_own_codes_local(const struct par_exchange *exchange);

/* The four in their order, each once a step. begin: own rows and labels are there; codes: own codes stand
 * in their place; sums: adds up over all ranks, in place; pairs: dh [n_local, K] is there but for other
 * ranks' parts, which are added. Collective. */
void par_exchange_begin(struct par_exchange *exchange, const struct par_batch *own);
void par_exchange_codes(struct par_exchange *exchange, const struct par_batch *own);
void par_exchange_sums(struct par_exchange *exchange, int64_t *sums);
void par_exchange_pairs(struct par_exchange *exchange, float *dh);

/* The global batch as the objective sees it, after par_exchange_codes; h [n_local, K] of own rows. Local. */
struct bl_batch par_exchange_batch_local(const struct par_exchange *exchange, struct bl_label_layout labels,
                                         const float *h);

#endif

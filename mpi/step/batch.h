/* The rows of a step that this rank brings: which they are, and how they come from memory or the file,
 * normalised. Which rows make which step depends on the seed and the step alone (docs/mathematics.md),
 * never on the ranks. */
#ifndef PAR_STEP_BATCH_H
#define PAR_STEP_BATCH_H

#include "config/config.h"
#include "data/normalize.h"
#include "mpi/ranks/comm.h"
#include "mpi/rows/batches.h"
#include "mpi/rows/read_ahead.h"
#include "mpi/rows/train_data.h"

/* Owns the rows of one step; the data stay where they are. Nothing of it travels. */
struct par_batch {
    const struct bl_config *config;    /* borrowed */
    const struct par_train_data *data; /* borrowed; the orders of its shards are set here */
    const struct batches *batches;     /* borrowed */
    int64_t n_local;                   /* own rows of a batch */
    int64_t *shard_rows;               /* [own shards] how many each shard brings; owned */
    int64_t *rows;                     /* [n_local] their numbers in the file; owned */
    uint32_t *labels;                  /* [n_local, words]; owned */
    float *x;                          /* [n_local, D] normalised; owned */
    int64_t shuffled_epoch;            /* the epoch that the shards' orders stand for; -1: none */
    struct read_ahead *ahead;          /* reads the rows of the next steps; NULL: they are in memory; owned */
    int code;                          /* of the last loading, of this rank alone */
    struct bl_error error;
};

/* Borrows all but err. Collective; agreed. Errors: BL_MEMORY. par_batch_free is local, safe twice and on
 * zeros. */
int par_batch_init(struct par_batch *batch, struct par par, const struct bl_config *config,
                   const struct par_train_data *data, const struct batches *batches, struct bl_error *err);
void par_batch_free(struct par_batch *batch);

/* Fills rows, labels and x for global step `number`. A rank that can't read its rows keeps the error in
 * code and error, and goes on with rows that mean nothing. Local. */
void par_batch_load_local(struct par_batch *batch, const struct bl_normalizer *normalizer, int64_t number);

/* Bytes of a rank that brings n rows, without windows of streamed rows. Local. */
int64_t par_batch_bytes_local(int64_t n, int64_t dim, int64_t label_words);

#endif

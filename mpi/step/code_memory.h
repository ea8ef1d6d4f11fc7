/* The last codes of all training rows, which rows of a batch may be paired with
 * (objective.terms.pairwise.against: memory). Every node holds all of it once, in the order of file rows, so
 * it is the same on any number of ranks: docs/decisions/0019. */
#ifndef PAR_STEP_CODE_MEMORY_H
#define PAR_STEP_CODE_MEMORY_H

#include "loss/term.h"
#include "mpi/rows/train_data.h"
#include "mpi/step/gather.h"

struct par_code_memory {
    int64_t rows; /* training rows of all ranks; 0: the objective has no use for a memory */
    int64_t bits;
    struct par_window window; /* of the two arrays, which a node has once */
    float *codes;             /* [rows, bits] zeros for rows that were in no batch yet */
    uint32_t *labels;         /* [rows, words] */
    int64_t row_lo;           /* this rank's first file row */
    uint32_t *place;          /* [own file rows] where each training row stands; owned */
};

/* An empty memory with all labels if the objective wants one, else nothing. Collective; agreed. Errors:
 * BL_MEMORY, PAR_NO_WINDOW; BL_USAGE above 2^31-1 training rows. par_code_memory_free is collective over the
 * node, safe twice. */
int par_code_memory_init(struct par_code_memory *memory, const struct par_nodes *nodes,
                         const struct bl_config_objective *config, const struct par_train_data *data,
                         int64_t bits, struct bl_error *err);
void par_code_memory_free(struct par_code_memory *memory);

/* Bytes that a node has once. Local. */
int64_t par_code_memory_bytes_local(int64_t rows, int64_t bits, int64_t label_words);

/* Puts the places of own rows of the batch, file rows [n], into the gather's places, which travel with the
 * codes. Local. */
void par_code_memory_places_local(const struct par_code_memory *memory, const int64_t *rows, int64_t n,
                                  struct par_gather *gather);

/* After par_gather_run: copies the codes of own rows, and of those that this rank's lane carries, into the
 * memory. The whole batch is there after the next par_nodes_meet. Local. */
void par_code_memory_take_local(struct par_code_memory *memory, const struct par_gather *gather);

/* The memory as columns for the rows of the gathered batch; none without a memory. Local. */
struct bl_columns par_code_memory_columns_local(const struct par_code_memory *memory,
                                                const struct par_gather *gather);

#endif
